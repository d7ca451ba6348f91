"""The command line as a whole."""

from __future__ import annotations

import subprocess
import sys

import pytest

import usersmanager
from usersmanager.cli.app import app


def test_the_version_is_that_of_the_library(command):
    result = command("--version")
    assert (result.returncode, result.stdout) == (0, f"usersmanager {usersmanager.__version__}\n")


@pytest.mark.parametrize("name", app.commands)
def test_every_command_has_help_that_fits_80_columns(command, name):
    result = command(name, "--help")
    assert (result.returncode, result.stdout) == (0, command(name, "-h").stdout)
    assert result.stdout.startswith(f"Usage: usersmanager {name} ")
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_no_summary_of_a_command_is_truncated(command):
    result = command("--help")
    assert "..." not in result.stdout.partition("Commands:")[2]
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize("name", ["info", "impersonate"])
def test_no_command_accepts_a_token_as_an_option(command, name):
    assert "--token " not in command(name, "--help").stdout


def test_only_commands_that_need_a_server_import_one():
    script = (
        "import sys, usersmanager.cli.app;"
        "print(sorted({'aiohttp', 'urllib3', 'rich.progress'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr
