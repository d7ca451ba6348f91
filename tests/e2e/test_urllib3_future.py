"""Installed next to niquests, whose urllib3-future replaces urllib3."""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
PROGRAM = """
from usersmanager import UsersManager
from usersmanager.testing import Sandbox
with Sandbox() as sandbox:
    sandbox.add_user("auth0|1")
    token = sandbox.issue_token("auth0|1")
    with UsersManager(sandbox.base_url, transport={transport!r}) as users:
        print(users.get_info(token).sub)
"""


class Environment:
    """A new virtual environment."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=True, symlinks=True)
        self._python = folder / "bin" / "python"

    def install(self, *arguments: str, **variables: str) -> None:
        self._run("-m", "pip", "install", "--quiet", *arguments, **variables).check_returncode()

    def get_info(self, transport: str) -> subprocess.CompletedProcess[str]:
        """Run a program that gets a profile over a transport."""
        return self._run("-c", PROGRAM.format(transport=transport))

    def _run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        # PYTHONPATH would make packages of another environment visible.
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            [self._python, *arguments],
            capture_output=True,
            text=True,
            env={**inherited, **variables},
            timeout=300,
        )


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with this project, its native transport and niquests."""
    environment = Environment(tmp_path_factory.mktemp("niquests"))
    environment.install(str(ROOT), "niquests")
    return environment


def test_the_urllib3_transport_names_the_package_that_replaced_urllib3(
    environment: Environment,
) -> None:
    process = environment.get_info("urllib3")
    assert process.returncode == 1
    last = process.stderr.splitlines()[-1]
    assert "PluginError" in last
    assert "urllib3-future" in last


def test_the_recommended_transport_works_there(environment: Environment) -> None:
    process = environment.get_info("native")
    assert (process.returncode, process.stdout) == (0, "auth0|1\n"), process.stderr


def test_the_urllib3_transport_works_after_the_recommended_installation(
    environment: Environment,
) -> None:
    environment.install(
        *("--force-reinstall", "--no-deps", "--no-cache-dir", "--no-binary=urllib3-future"),
        *("urllib3-future", "urllib3"),
        URLLIB3_NO_OVERRIDE="1",
    )
    process = environment.get_info("urllib3")
    assert (process.returncode, process.stdout) == (0, "auth0|1\n"), process.stderr
