"""How results are shown. Nothing from outside reaches a terminal unescaped."""

from __future__ import annotations

import json
import sys

from rich.console import Console

__all__ = ["as_json", "as_text", "make_console", "safe"]


def make_console() -> Console:
    """Standard output: mode and width as the terminal has them, plain text in a pipe."""
    on_terminal = sys.stdout is not None and sys.stdout.isatty()
    return Console(
        # In a pipe FORCE_COLOR is not heeded: a program reads it.
        force_terminal=None if on_terminal else False,
        markup=False,
        emoji=False,
        highlight=False,
    )


def safe(text: str) -> str:
    r"""Text from outside with every control or invisible character escaped, as `\x1b`."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def as_text(value: object) -> str:
    """A claim for people, in one line: a string as it is, anything else as JSON."""
    return safe(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def as_json(value: object) -> str:
    """JSON for programs, in ASCII; DEL, which `json` leaves as it is, escaped too."""
    return json.dumps(value, indent=2).replace("\x7f", "\\u007f")
