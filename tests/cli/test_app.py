"""The command line as a whole."""

from __future__ import annotations

import subprocess
import sys

import usersmanager


def test_its_version_is_the_librarys(command):
    done = command("--version")
    assert (done.returncode, done.stdout) == (0, f"usersmanager {usersmanager.__version__}\n")


def test_every_command_has_a_help_of_80_columns(command):
    for name in ("info", "impersonate", "sandbox", "plugins", "new", "demo"):
        done = command(name, "--help")
        assert done.returncode == 0
        assert done.stdout.startswith(f"Usage: usersmanager {name} ")
        assert max(map(len, done.stdout.splitlines())) <= 80


def test_no_command_is_summed_up_in_words_that_are_cut(command):
    done = command("--help")
    assert "..." not in done.stdout.partition("Commands:")[2]
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_no_command_takes_a_token_as_an_option(command):
    for name in ("info", "impersonate"):
        assert "--token " not in command(name, "--help").stdout


def test_only_what_needs_a_server_imports_one():
    script = (
        "import sys, usersmanager.cli.app;"
        "print(sorted({'aiohttp', 'urllib3', 'rich.progress'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
