"""Shell completion."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture
def complete(command):
    """Completes the last word of a command line as bash does, and returns the suggestions."""

    def complete(*words):
        result = command(
            _USERSMANAGER_COMPLETE="bash_complete",
            COMP_WORDS="\n".join(["usersmanager", *words]),
            COMP_CWORD=str(len(words)),
        )
        assert (result.returncode, result.stderr) == (0, "")
        return [line.partition(",")[2] for line in result.stdout.splitlines()]

    return complete


def test_commands_and_options_are_completed(complete):
    assert complete("im") == ["impersonate"]
    assert complete("info", "--no") == ["--no-plugin"]
    assert {"--base-url", "--issuer"} < set(complete("info", "--"))


def test_transports_are_completed_by_their_installed_names(complete):
    assert {"aiohttp", "urllib3"} <= set(complete("info", "--transport", ""))
    assert complete("impersonate", "--transport", "u") == ["urllib3"]


@pytest.mark.parametrize("option", ["--plugin", "--no-plugin"])
def test_plugins_are_completed_by_their_installed_names(complete, option):
    assert {"headers", "logging", "retry"} <= set(complete("info", option, ""))
    assert complete("impersonate", "--plugin", "headers", option, "r") == ["retry"]


def test_protocols_are_completed(complete):
    assert complete("impersonate", "--protocol", "") == ["oauth2", "samlp", "wsfed", "wsfed-rms"]
    assert complete("impersonate", "--protocol", "wsfed-") == ["wsfed-rms"]


def test_kinds_of_packages_are_completed(complete):
    assert complete("new", "") == ["plugin", "transport"]
    assert complete("new", "t") == ["transport"]


def test_completion_imports_no_plugin(complete, install):
    module = install("acme", "")
    assert complete("info", "--plugin", "ac") == ["acme"]
    assert module not in sys.modules


def test_a_token_file_is_completed_as_a_file(command):
    result = command(
        _USERSMANAGER_COMPLETE="bash_complete",
        COMP_WORDS="usersmanager info --token-file to",
        COMP_CWORD="3",
    )
    assert result.stdout == "file,to\n"


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


@pytest.mark.parametrize("name", SHELLS)
def test_the_script_completes_in_a_real_shell(shell, name):
    result = shell(name, SHELLS[name])
    assert (result.stdout.strip(), result.stderr) == ("aiohttp", "")


@pytest.mark.parametrize(
    ("shell", "mark"), [("zsh", "#compdef usersmanager"), ("fish", "complete --no-files")]
)
def test_zsh_and_fish_have_a_script_too(command, shell, mark):
    result = command(_USERSMANAGER_COMPLETE=f"{shell}_source")
    assert (result.returncode, result.stderr) == (0, "")
    assert mark in result.stdout
