"""The files of the tutorial work as it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from usersmanager.testing import Sandbox

PAGE = (Path(__file__).parents[2] / "docs/tutorial.md").read_text()
FILES = dict(re.findall(r"`(\w+\.py)`:\n\n```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, source in FILES.items():
        (tmp_path / name).write_text(source)
    return tmp_path


def run(folder: Path, *arguments: str) -> str:
    result = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_every_sample_is_a_file() -> None:
    assert len(FILES) == PAGE.count("```python")


def test_the_first_call_prints_the_profile(folder: Path, sandbox: Sandbox) -> None:
    sandbox.add_user("auth0|ada", name="Ada Lovelace")
    token = sandbox.issue_token("auth0|ada")
    assert run(folder, "first.py", sandbox.base_url, token) == "auth0|ada Ada Lovelace\n"
    assert run(folder, "first.py", sandbox.base_url, token[:9]).startswith("log in again: ")


def test_the_tests_of_the_plugin_pass(folder: Path) -> None:
    output = run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert re.search(r"^\d+ passed", output, re.MULTILINE)
