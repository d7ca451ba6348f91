"""What `usersmanager new` makes, really built and installed, works and is right at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from usersmanager.cli.app import run

pytestmark = pytest.mark.slow

DISTRIBUTIONS = {"plugin": "usersmanager-request-id", "transport": "usersmanager-carrier"}


class Made(NamedTuple):
    """What was made, and the environment in which it is installed."""

    environment: Any
    folders: dict[str, Path]


@pytest.fixture(scope="module")
def made(environment: Any, tmp_path_factory: pytest.TempPathFactory) -> Made:
    into = tmp_path_factory.mktemp("made")
    for kind, distribution in DISTRIBUTIONS.items():
        assert run(["new", kind, distribution, "--into", str(into)]) == 0
    folders = {kind: into / distribution for kind, distribution in DISTRIBUTIONS.items()}
    environment.install(*folders.values())
    return Made(environment, folders)


def test_both_are_listed_and_active(made: Made) -> None:
    listed = json.loads(made.environment.run("-m", "usersmanager", "plugins", "--json"))
    by_name = {one["name"]: one for one in listed}
    for name, kind in (("request-id", "plugin"), ("carrier", "transport")):
        assert by_name[name]["kind"] == kind
        assert by_name[name]["distribution"] == DISTRIBUTIONS[kind]
        assert by_name[name]["modes"] == ["sync", "async"]
        assert by_name[name]["status"] == "active"


@pytest.mark.parametrize("kind", DISTRIBUTIONS)
def test_its_tests_pass(made: Made, kind: str) -> None:
    # Most of the contract's time is waiting.
    workers = ["-n", "2"] if kind == "transport" else []
    told = made.environment.run("-m", "pytest", *workers, folder=made.folders[kind])
    assert " passed" in told
    assert "skipped" not in told


@pytest.mark.parametrize("kind", DISTRIBUTIONS)
def test_its_types_are_right(
    made: Made, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pytest.importorskip("mypy")
    cache = tmp_path_factory.getbasetemp() / "mypy"
    made.environment.run(
        *("-m", "mypy", "--strict", "--cache-dir", str(cache)), folder=made.folders[kind]
    )


@pytest.mark.parametrize("kind", DISTRIBUTIONS)
def test_it_can_be_published(made: Made, kind: str) -> None:
    folder = made.folders[kind]
    made.environment.run("-m", "hatchling", "build", folder=folder)
    names = sorted(path.name for path in (folder / "dist").iterdir())
    package = DISTRIBUTIONS[kind].replace("-", "_")
    assert names == [f"{package}-0.1.0-py3-none-any.whl", f"{package}-0.1.0.tar.gz"]
