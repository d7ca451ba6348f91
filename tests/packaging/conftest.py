"""A virtual environment with distributions that are built and installed."""

from __future__ import annotations

import os
import site
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

import usersmanager

Run = Callable[..., str]


class Environment:
    """A new virtual environment.

    It sees the packages of the environment of the tests, so that nothing is downloaded.

    Attributes:
        packages: its folder of installed packages.
    """

    def __init__(self, folder: Path) -> None:
        venv.create(folder, symlinks=True)
        self._python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
        packages = self.run("-c", "import site; print(site.getsitepackages()[0])").strip()
        self.packages = Path(packages)
        # addsitedir reads .pth files, and so finds editable installs.
        visible = [*site.getsitepackages(), str(Path(usersmanager.__file__).parents[1])]
        lines = [f"import site; site.addsitedir({path!r})" for path in visible]
        Path(packages, "visible.pth").write_text("\n".join(lines) + "\n")

    def install(self, *folders: Path, target: Path | None = None) -> None:
        """Build and install the distributions in these folders, into a target folder if given."""
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "--python", self._python, "install", "--quiet"),
                *("--no-deps", "--no-build-isolation", "--disable-pip-version-check", *folders),
                *(["--target", target] if target else []),
            ],
            check=True,
            env={**os.environ, "PYTHONPATH": ""},
        )

    def run(self, *arguments: str, folder: Path | None = None, **variables: str) -> str:
        """Run its Python interpreter and return its output; fail with the output of a failure."""
        # pytest and xdist configure their workers with environment variables.
        inherited = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
        process = subprocess.run(
            [self._python, "-W", "error", *arguments],
            capture_output=True,
            text=True,
            cwd=folder,
            env={**inherited, **variables},
        )
        assert process.returncode == 0, process.stdout + process.stderr
        return process.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Return a new environment for each module."""
    return Environment(tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="module")
def run(environment: Environment, request: pytest.FixtureRequest) -> Run:
    """Run Python in an environment with the DISTRIBUTIONS of the module, folders of thirdparty."""
    folder = Path(__file__).parent / "thirdparty"
    environment.install(*(folder / name for name in request.module.DISTRIBUTIONS))
    return environment.run
