"""Programs that are packaged with or without the metadata of this library."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import sysconfig
import zipapp
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from usersmanager.testing import Sandbox

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("packaged_program.py")
DEPENDENCIES = [
    *("aiohappyeyeballs", "aiohttp", "aiosignal", "attr", "attrs", "frozenlist", "idna"),
    *("multidict", "pluggy", "propcache", "tenacity", "typing_extensions", "urllib3", "yarl"),
]
# They are imported if they are installed, as in the environment of these tests.
NOT_NEEDED = ["IPython", "ipykernel", "mypy", "pydantic", "pytest", "tornado", "trio", "uvloop"]
SPEC = """
program = Analysis([{program!r}], excludes={excludes!r})
modules = PYZ(program.pure)
EXE(modules, program.scripts, program.binaries, program.datas, name="onefile")
starter = EXE(modules, program.scripts, exclude_binaries=True, name="program")
COLLECT(starter, program.binaries, program.datas, name="onedir")
"""
WORKS = ["plugins True u"] * 2

Run = Callable[..., tuple[list[str], str]]


@pytest.fixture
def run() -> Iterator[Run]:
    """Run a command with the arguments of the program; return its output and its errors."""
    with Sandbox() as sandbox:
        token = sandbox.add_user("u").issue_token("u")

        def run(*command: object, by_hand: str = "", **variables: str) -> tuple[list[str], str]:
            completed = subprocess.run(
                [*map(str, command), sandbox.base_url, token, by_hand],
                capture_output=True,
                text=True,
                env={"PATH": "/usr/bin", **variables},
                check=True,
            )
            return completed.stdout.splitlines(), completed.stderr

        yield run


def assert_everything_is_found(run: Run, *command: object, **variables: str) -> None:
    assert run(*command, **variables) == (WORKS, "")


def assert_advice_is_given(run: Run, *command: object, **variables: str) -> None:
    """Nothing is found; one warning says what to pass by hand, and that works."""
    output, errors = run(*command, **variables)
    assert output[0].startswith("PluginError no transport of that name is installed")
    assert errors.count("PluginWarning") == 1
    assert "transport=usersmanager_urllib3.Urllib3Transport()" in errors
    assert "plugins=[usersmanager_retry.Retry()]" in errors
    output, errors = run(*command, by_hand="transports", **variables)
    assert output == ["plugins False u"] * 2
    assert errors.count("PluginWarning") == 1
    assert run(*command, by_hand="transports,plugins", **variables) == (WORKS, "")


@pytest.fixture(scope="module")
def layer(environment: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the installed distribution, as by `pip install --target`."""
    folder: Path = tmp_path_factory.mktemp("layer")
    environment.install(ROOT, target=folder)
    return folder


@pytest.fixture(scope="module")
def slimmed(layer: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of that folder without the metadata."""
    folder: Path = tmp_path_factory.mktemp("slimmed") / "layer"
    return shutil.copytree(layer, folder, ignore=shutil.ignore_patterns("*.dist-info"))


@pytest.fixture(scope="module")
def dependencies(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a folder with nothing but the dependencies."""
    folder = tmp_path_factory.mktemp("dependencies")
    for name in DEPENDENCIES:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        origin = Path(spec.origin)
        source = origin.parent if origin.stem == "__init__" else origin
        (folder / source.name).symlink_to(source)
    return str(folder)


def test_a_layer(run: Run, layer: Path, slimmed: Path, dependencies: str) -> None:
    command = (sys.executable, "-S", PROGRAM)
    assert_everything_is_found(run, *command, PYTHONPATH=f"{layer}:{dependencies}")
    assert_advice_is_given(run, *command, PYTHONPATH=f"{slimmed}:{dependencies}")


def test_a_zipapp(run: Run, layer: Path, slimmed: Path, dependencies: str, tmp_path: Path) -> None:
    for source, check in ((layer, assert_everything_is_found), (slimmed, assert_advice_is_given)):
        folder = shutil.copytree(source, tmp_path / source.parent.name / source.name)
        shutil.copy(PROGRAM, folder / "__main__.py")
        archive = folder.with_suffix(".pyz")
        zipapp.create_archive(folder, archive)
        check(run, sys.executable, "-S", archive, PYTHONPATH=dependencies)


@pytest.mark.skipif(
    not sysconfig.get_config_var("Py_ENABLE_SHARED"),
    reason="PyInstaller needs a Python with a shared library",
)
def test_pyinstaller(run: Run, tmp_path: Path) -> None:
    spec = tmp_path / "program.spec"
    spec.write_text(SPEC.format(program=str(PROGRAM), excludes=NOT_NEEDED))
    subprocess.run(
        [sys.executable, "-m", "PyInstaller", "--log-level", "ERROR", "--noconfirm", spec],
        cwd=tmp_path,
        check=True,
    )
    assert_everything_is_found(run, tmp_path / "dist/onefile")
    folder = tmp_path / "dist/onedir"
    assert_everything_is_found(run, folder / "program")
    # As without the hook.
    for metadata in folder.rglob("usersmanager-*.dist-info"):
        shutil.rmtree(metadata)
    assert_advice_is_given(run, folder / "program")
