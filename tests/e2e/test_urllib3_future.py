"""Beside niquests, whose urllib3-future takes the place of urllib3: refused, or kept apart."""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
ASKS = """
from usersmanager import UsersManager
from usersmanager.testing import Sandbox
with Sandbox() as tenant:
    tenant.add_user("auth0|1")
    token = tenant.issue_token("auth0|1")
    with UsersManager(tenant.base_url, transport={transport!r}) as users:
        print(users.get_info(token).sub)
"""


class Environment:
    """A fresh environment with nothing but what it is told to install."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=True, symlinks=True)
        self._python = folder / "bin" / "python"

    def install(self, *arguments: str, **variables: str) -> None:
        self._run("-m", "pip", "install", "--quiet", *arguments, **variables).check_returncode()

    def ask(self, transport: str) -> subprocess.CompletedProcess[str]:
        """Runs a program that asks for a profile over a transport."""
        return self._run("-c", ASKS.format(transport=transport))

    def _run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        # Else its pip would see the packages of the environment the tests run in.
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            [self._python, *arguments],
            capture_output=True,
            text=True,
            env={**kept, **variables},
            timeout=300,
        )


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Has this project, its fast transport, and niquests."""
    made = Environment(tmp_path_factory.mktemp("niquests"))
    made.install(f"{ROOT}[fast]", "niquests")
    return made


def test_where_urllib3_is_not_itself_the_transport_says_who_took_its_place(
    environment: Environment,
) -> None:
    asked = environment.ask("urllib3")
    assert asked.returncode == 1
    last = asked.stderr.splitlines()[-1]
    assert "PluginError" in last
    assert "urllib3-future" in last


def test_the_transport_that_it_recommends_works_there(environment: Environment) -> None:
    asked = environment.ask("httptools")
    assert (asked.returncode, asked.stdout) == (0, "auth0|1\n"), asked.stderr


def test_kept_apart_as_it_recommends_both_work(environment: Environment) -> None:
    environment.install(
        *("--force-reinstall", "--no-deps", "--no-cache-dir", "--no-binary=urllib3-future"),
        *("urllib3-future", "urllib3"),
        URLLIB3_NO_OVERRIDE="1",
    )
    asked = environment.ask("urllib3")
    assert (asked.returncode, asked.stdout) == (0, "auth0|1\n"), asked.stderr
