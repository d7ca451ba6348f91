"""Format results. Text from outside is escaped before it reaches a terminal."""

from __future__ import annotations

import json
import sys

from rich.console import Console

__all__ = ["escape_control_characters", "format_json", "format_value", "make_console"]


def make_console() -> Console:
    """Return a console for stdout: styled on a terminal, plain text otherwise."""
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    return Console(
        # Ignore FORCE_COLOR in a pipe: a program reads it.
        force_terminal=None if is_terminal else False,
        markup=False,
        emoji=False,
        highlight=False,
    )


def escape_control_characters(text: str) -> str:
    r"""Escape control and invisible characters, such as ESC as `\x1b`."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def format_value(value: object) -> str:
    """Format a claim's value on one line: a string as it is, anything else as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return escape_control_characters(text)


def format_json(value: object) -> str:
    """Format a value as JSON in printable ASCII."""
    return json.dumps(value, indent=2)
