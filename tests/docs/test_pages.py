"""Rules for every page: links that lead somewhere, and samples that fit a narrow screen."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from tests.packaging.build import relative_links

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
SOURCE = re.compile(rf"{re.escape(PROJECT['urls']['Source'])}/(?:blob|raw)/main/")
LINK = re.compile(r"\]\(([^)#]*)(?:#([^)]*))?\)")
CODE = re.compile(r"^```(?:python|toml)\n(.*?)^```", re.MULTILINE | re.DOTALL)
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@each_page
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text()):
        if ":" in target and not SOURCE.match(target):
            continue  # To another site.
        folder = ROOT if SOURCE.match(target) else page.parent
        path = folder / SOURCE.sub("", target) if target else page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), f"{target}#{anchor}"


def test_the_readme_has_no_relative_link_as_pypi_shows_it_too() -> None:
    assert PROJECT["readme"] == "README.md"
    assert relative_links((ROOT / "README.md").read_text()) == []
    text = "[a](docs/a.md) ![b](b.svg) [c](https://c) [d](#d)\n\n[e]: ../e.md\n"
    assert relative_links(text) == ["docs/a.md", "b.svg", "../e.md"]


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of a page, as GitHub and MyST make them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@each_page
def test_a_sample_has_at_most_60_columns(page: Path) -> None:
    lines = [line for block in CODE.findall(page.read_text()) for line in block.splitlines()]
    assert [line for line in lines if len(line) > 60] == []


@each_page
def test_a_page_of_the_site_is_in_its_table_of_contents(page: Path) -> None:
    docs = ROOT / "docs"
    if page.is_relative_to(docs) and page.name != "index.md":
        name = page.relative_to(docs).with_suffix("").as_posix()
        assert f"\n{name}\n" in (docs / "index.md").read_text()


def test_the_readme_has_at_most_120_lines_and_samples_of_at_most_12() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 120
    assert [block for block in CODE.findall(text) if len(block.splitlines()) > 12] == []
