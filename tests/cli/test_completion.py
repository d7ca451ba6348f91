"""Completion, asked for as a shell does it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess

import pytest
from tests.cli.conftest import COMMAND, environment


@pytest.fixture
def completed(command):
    """What bash is offered for the last word of a command line."""

    def completed(*words, **variables):
        done = command(
            _USERSMANAGER_COMPLETE="bash_complete",
            COMP_WORDS="\n".join(["usersmanager", *words]),
            COMP_CWORD=str(len(words)),
            **variables,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return [line.partition(",")[2] for line in done.stdout.splitlines()]

    return completed


def test_commands_and_options_are_completed(completed):
    assert completed("im") == ["impersonate"]
    assert completed("info", "--no") == ["--no-plugin"]
    assert {"--base-url", "--issuer"} < set(completed("info", "--"))


def test_transports_are_completed_by_their_installed_names(completed):
    assert completed("info", "--transport", "") == ["aiohttp", "httptools", "urllib3"]
    assert completed("impersonate", "--transport", "u") == ["urllib3"]


@pytest.mark.parametrize("option", ["--plugin", "--no-plugin"])
def test_plugins_are_completed_by_their_installed_names(completed, option):
    assert completed("info", option, "") == ["headers", "logging", "retry"]
    assert completed("impersonate", "--plugin", "headers", option, "r") == ["retry"]


def test_the_known_protocols_are_completed(completed):
    assert completed("impersonate", "--protocol", "") == ["oauth2", "samlp", "wsfed", "wsfed-rms"]
    assert completed("impersonate", "--protocol", "wsfed-") == ["wsfed-rms"]


def test_what_new_makes_is_completed(completed):
    assert completed("new", "") == ["plugin", "transport"]
    assert completed("new", "t") == ["transport"]


def test_completion_imports_no_plugin(completed, install):
    path = install("acme", "raise SystemExit('imported')")
    assert completed("info", "--plugin", "ac", PYTHONPATH=path) == ["acme"]


def test_a_token_file_is_completed_as_a_file(command):
    done = command(
        _USERSMANAGER_COMPLETE="bash_complete",
        COMP_WORDS="usersmanager info --token-file to",
        COMP_CWORD="3",
    )
    assert done.stdout == "file,to\n"


SHELLS = {
    "bash": """
        eval "$(_USERSMANAGER_COMPLETE=bash_source usersmanager)"
        COMP_WORDS=(usersmanager info --transport aio)
        COMP_CWORD=3
        _usersmanager_completion usersmanager
        echo "${COMPREPLY[@]}"
    """,
    "fish": """
        _USERSMANAGER_COMPLETE=fish_source usersmanager | source
        complete --do-complete 'usersmanager info --transport aio'
    """,
}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_completes_in_the_shell_itself(shell, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    program = tmp_path / "usersmanager"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n')
    program.chmod(0o755)
    done = subprocess.run(
        [shell, "-c", SHELLS[shell]],
        capture_output=True,
        text=True,
        env=environment(PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}"),
        timeout=60,
    )
    assert (done.stdout.strip(), done.stderr) == ("aiohttp", "")


def test_zsh_and_fish_are_given_their_scripts(command):
    for shell, mark in (("zsh", "#compdef usersmanager"), ("fish", "complete --no-files")):
        done = command(_USERSMANAGER_COMPLETE=f"{shell}_source")
        assert (done.returncode, done.stderr) == (0, "")
        assert mark in done.stdout
