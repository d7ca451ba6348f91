"""Read a token from the environment, a file or stdin."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from .. import ArgumentError
from ..plugins import Token

__all__ = ["read_token", "token_file_option"]

F = TypeVar("F", bound=Callable[..., Any])

token_file_option: Callable[[F], F] = click.option(
    "--token-file",
    type=click.Path(allow_dash=True),
    metavar="PATH",
    help="Read the token from a file; '-' reads stdin.",
)


def read_token(variable: str, path: str | None) -> Token:
    """Return the token of a command, without one trailing newline.

    Args:
        variable: environment variable to read if there is no path.
        path: file to read; "-" for stdin.

    Raises:
        ArgumentError: the token is missing, unreadable or not a bearer token.
    """
    token = os.environ.get(variable, "") if path is None else _read_file(path)
    if not token:
        raise ArgumentError(
            f"no token: set {variable}, or pass --token-file PATH ('--token-file -' reads stdin)"
        )
    return Token(token)


def _read_file(path: str) -> str:
    if path == "-" and sys.stdin is None:
        return ""  # stdin is closed.
    try:
        # utf-8-sig: Windows tools begin a file with a byte order mark.
        with click.open_file(path, encoding="utf-8-sig", errors="replace") as file:
            return str(file.read()).removesuffix("\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "invalid path"
    # Don't show the path: the user may have passed the token itself.
    raise ArgumentError(f"--token-file: cannot read the file: {reason}")
