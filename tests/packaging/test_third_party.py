"""A small plugin and a small transport, really built and installed, are discovered."""

from __future__ import annotations

import json
import os
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import usersmanager

HERE = Path(__file__).parent / "thirdparty"

PROGRAM = """
import asyncio, json
from usersmanager import AsyncUsersManager, UsersManager
with UsersManager("https://tenant.example", transport="parrot") as users:
    print(json.dumps(users.get_info("token")))
async def main():
    async with AsyncUsersManager("https://tenant.example", transport="parrot") as users:
        print(json.dumps(await users.get_info("token")))
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment in which both distributions are installed.

    What is installed beside the tests is visible in it, so that nothing is downloaded.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    interpreter = scripts / "python"
    packages = subprocess.run(
        [interpreter, "-c", "import site; print(site.getsitepackages()[0])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    # An editable install is found through its own .pth file, which addsitedir obeys.
    visible = [*site.getsitepackages(), str(Path(usersmanager.__file__).parents[1])]
    lines = [f"import site; site.addsitedir({path!r})" for path in visible]
    Path(packages, "visible.pth").write_text("\n".join(lines) + "\n")
    for name in ("plugin", "transport"):
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "--python", interpreter, "install", "--quiet"),
                *("--no-deps", "--no-build-isolation", "--disable-pip-version-check", HERE / name),
            ],
            check=True,
            env={**os.environ, "PYTHONPATH": ""},
        )
    return interpreter


def run(python: Path, *arguments: str, **environment: str) -> str:
    return subprocess.run(
        [python, "-W", "error", *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    ).stdout


def test_both_are_used_in_both_colours_without_a_word_of_configuration(python: Path) -> None:
    lines = run(python, "-c", PROGRAM).splitlines()
    assert [json.loads(line) for line in lines] == [{"sub": "parrot", "stamp": "stamped"}] * 2


def test_both_are_listed_with_their_distributions(python: Path) -> None:
    listed = json.loads(run(python, "-m", "usersmanager", "plugins", "--json"))
    by_name = {one["name"]: one for one in listed}
    assert by_name["stamp"]["distribution"] == "usersmanager-stamp"
    assert by_name["stamp"]["version"] == "3.2.1"
    assert by_name["parrot"]["kind"] == "transport"
    assert by_name["parrot"]["colours"] == ["blocking", "asyncio"]
    assert {one["status"] for one in listed} == {"active"}


def test_an_operator_switches_the_plugin_off_without_a_code_change(python: Path) -> None:
    lines = run(python, "-c", PROGRAM, USERSMANAGER_DISABLE="stamp").splitlines()
    assert [json.loads(line) for line in lines] == [{"sub": "parrot", "stamp": None}] * 2
