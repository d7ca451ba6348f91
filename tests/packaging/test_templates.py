"""The packages that `usersmanager new` creates work as they are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from usersmanager.cli.app import run

pytestmark = pytest.mark.slow

DISTRIBUTIONS = {"plugin": "usersmanager-request-id", "transport": "usersmanager-carrier"}


class Packages(NamedTuple):
    """Two new packages, and the environment in which they are installed."""

    environment: Any
    folders: dict[str, Path]


@pytest.fixture(scope="module")
def packages(environment: Any, tmp_path_factory: pytest.TempPathFactory) -> Packages:
    into = tmp_path_factory.mktemp("packages")
    for kind, distribution in DISTRIBUTIONS.items():
        assert run(["new", kind, distribution, "--into", str(into)]) == 0
    folders = {kind: into / distribution for kind, distribution in DISTRIBUTIONS.items()}
    environment.install(*folders.values())
    return Packages(environment, folders)


def test_both_are_listed_and_active(packages: Packages) -> None:
    listed = json.loads(packages.environment.run("-m", "usersmanager", "plugins", "--json"))
    by_name = {entry["name"]: entry for entry in listed}
    for name, kind in (("request-id", "plugin"), ("carrier", "transport")):
        assert by_name[name]["kind"] == kind
        assert by_name[name]["distribution"] == DISTRIBUTIONS[kind]
        assert by_name[name]["modes"] == ["sync", "async"]
        assert by_name[name]["status"] == "active"


@pytest.mark.parametrize("kind", DISTRIBUTIONS)
def test_its_tests_pass(packages: Packages, kind: str) -> None:
    # Most of the time of a transport's contract is waiting.
    workers = ["-n", "2"] if kind == "transport" else []
    output = packages.environment.run("-m", "pytest", *workers, folder=packages.folders[kind])
    assert " passed" in output
    assert "skipped" not in output


@pytest.mark.parametrize("kind", DISTRIBUTIONS)
def test_its_types_are_correct(
    packages: Packages, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pytest.importorskip("mypy")
    cache = tmp_path_factory.getbasetemp() / "mypy"
    packages.environment.run(
        *("-m", "mypy", "--strict", "--cache-dir", str(cache)), folder=packages.folders[kind]
    )


@pytest.mark.parametrize("kind", DISTRIBUTIONS)
@pytest.mark.parametrize("name", ["x", "a-name-of-thirty-letters-in-it"])
def test_ruff_accepts_it(kind: str, name: str, tmp_path: Path) -> None:
    pytest.importorskip("ruff")
    assert run(["new", kind, name, "--into", str(tmp_path)]) == 0
    for arguments in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."]
        result = subprocess.run(ruff, cwd=tmp_path, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("kind", DISTRIBUTIONS)
def test_it_can_be_published(packages: Packages, kind: str) -> None:
    folder = packages.folders[kind]
    packages.environment.run("-m", "hatchling", "build", folder=folder)
    names = sorted(path.name for path in (folder / "dist").iterdir())
    package = DISTRIBUTIONS[kind].replace("-", "_")
    assert names == [f"{package}-0.1.0-py3-none-any.whl", f"{package}-0.1.0.tar.gz"]
