"""An environment as a user's: fresh, with distributions really built and installed."""

from __future__ import annotations

import os
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import usersmanager


class Environment:
    """A fresh environment.

    What is installed beside the tests is visible in it, so that nothing is downloaded.
    """

    def __init__(self, folder: Path) -> None:
        venv.create(folder, symlinks=True)
        self._python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
        packages = self.run("-c", "import site; print(site.getsitepackages()[0])").strip()
        # An editable install is found through its own .pth file, which addsitedir obeys.
        visible = [*site.getsitepackages(), str(Path(usersmanager.__file__).parents[1])]
        lines = [f"import site; site.addsitedir({path!r})" for path in visible]
        Path(packages, "visible.pth").write_text("\n".join(lines) + "\n")

    def install(self, *folders: Path) -> None:
        """Builds and installs what is in these folders."""
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "--python", self._python, "install", "--quiet"),
                *("--no-deps", "--no-build-isolation", "--disable-pip-version-check", *folders),
            ],
            check=True,
            env={**os.environ, "PYTHONPATH": ""},
        )

    def run(self, *arguments: str, folder: Path | None = None, **variables: str) -> str:
        """What its interpreter prints; an AssertionError with all of it if it fails."""
        # Without what this run of pytest tells its own workers.
        kept = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
        done = subprocess.run(
            [self._python, "-W", "error", *arguments],
            capture_output=True,
            text=True,
            cwd=folder,
            env={**kept, **variables},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """One for each module of tests."""
    return Environment(tmp_path_factory.mktemp("environment"))
