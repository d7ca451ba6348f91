"""docs/cli.md has an example of every command, and its examples are valid."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from usersmanager.cli.app import app

PAGE = (Path(__file__).parents[2] / "docs/cli.md").read_text().replace("\\\n", "")
EXAMPLES = re.findall(r"^\$ (.*\busersmanager .*)$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("name", app.commands)
def test_every_command_has_an_example(name):
    assert any(f"usersmanager {name}" in example for example in EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_valid_command_line(example, monkeypatch):
    monkeypatch.setenv("USERSMANAGER_BASE_URL", "https://tenant.auth0.com")
    words = re.split(r"[|>&]", re.sub(r"'[^']*'", "quoted", example.partition("usersmanager ")[2]))
    name, *arguments = shlex.split(words[0])
    if name in app.commands:
        app.commands[name].make_context(name, arguments)
    else:
        with pytest.raises(click.exceptions.Exit):
            app.make_context("usersmanager", [name])
