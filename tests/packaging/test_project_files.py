"""The files that describe the project say the same."""

from __future__ import annotations

import configparser
import itertools
import re
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PYTHON = "Programming Language :: Python :: "
RELEASES = [
    line.removeprefix(PYTHON)
    for line in PROJECT["classifiers"]
    if re.fullmatch(rf"{PYTHON}3\.\d+", line)
]
# PyPI has one classifier for all builds without the GIL. The tests run on the first that Python
# supports officially.
FREE_THREADED = (
    ["3.14t"] if any("Free Threading" in line for line in PROJECT["classifiers"]) else []
)
PYTHONS = sorted(RELEASES + FREE_THREADED)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def text(name: str) -> str:
    return (ROOT / name).read_text()


def tox(section: str) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text("tox.ini"))
    return parser[section]


def test_tox_runs_the_pythons_of_the_classifiers() -> None:
    _, _, names = tox("tox")["labels"].partition("pythons = ")
    assert [re.sub("^py3", "3.", name) for name in names.split(", ")] == PYTHONS


def test_the_workflow_runs_the_pythons_of_the_classifiers() -> None:
    match = re.search(r"^ +python: \[(.*)\]$", text(".github/workflows/tests.yml"), re.MULTILINE)
    assert match
    assert re.findall(r'"([^"]*)"', match[1]) == PYTHONS


def test_a_page_names_the_pythons_of_the_classifiers() -> None:
    match = re.search(r"^- CPython (3\..*?)\. ", text("docs/stability.md"), re.MULTILINE)
    assert match
    assert re.findall(r"3\.\d+t?", match[1]) == PYTHONS


def test_the_oldest_python_is_the_same_everywhere() -> None:
    oldest = RELEASES[0]
    assert PROJECT["requires-python"] == f">={oldest}"
    others = [
        *(ROOT / "examples").glob("*/pyproject.toml"),
        *(ROOT / "core").rglob("pyproject.toml.tmpl"),
    ]
    assert others
    for path in others:
        assert f'requires-python = ">={oldest}"' in path.read_text(), path
    claim = re.compile(r"(?:CPython|Requires Python) (3\.\d+) or newer")
    claims = [found for page in PAGES for found in claim.findall(page.read_text())]
    assert claims
    assert set(claims) == {oldest}


def test_every_python_between_the_oldest_and_the_newest_is_supported() -> None:
    minors = [int(release.removeprefix("3.")) for release in RELEASES]
    assert minors == list(range(minors[0], minors[-1] + 1))
    assert all(SpecifierSet(PROJECT["requires-python"]).contains(release) for release in RELEASES)


@pytest.mark.parametrize("tool", ["check-jsonschema", "ruff", "zizmor"])
def test_pre_commit_and_tox_take_the_same_versions_of_a_tool(tool: str) -> None:
    found = set(re.findall(rf'"({tool}[^"]*)"', text(".pre-commit-config.yaml")))
    assert len(found) == 1
    assert found <= set(tox("testenv:lint")["deps"].split())


def test_the_lowest_versions_are_those_of_the_metadata() -> None:
    extras = PROJECT["optional-dependencies"].values()
    declared = {
        re.sub(r">=([\d.]+).*", r"==\1", requirement)
        for requirement in [*PROJECT["dependencies"], *itertools.chain(*extras)]
        if not requirement.startswith("usersmanager[")
    }
    pinned = {re.sub(r"(\.0)+$", "", pin) for pin in tox("testenv:lowest")["deps"].split()}
    assert {re.sub(r"(\.0)+$", "", pin) for pin in declared} <= pinned


@pytest.mark.parametrize("path", sorted((ROOT / ".github/workflows").glob("*.yml")), ids=str)
def test_a_workflow_has_no_permissions_and_pins_each_action(path: Path) -> None:
    workflow = path.read_text()
    assert "\npermissions: {}\n" in workflow
    actions = re.findall(r"uses: (.*)", workflow)
    assert actions
    for action in actions:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[\d.]+", action)
