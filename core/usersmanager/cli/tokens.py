"""Where a token comes from: the environment, a file or standard input. Never an argument."""

from __future__ import annotations

import os
import sys

import click

from .. import ArgumentError
from ..plugins import Token

__all__ = ["read_token", "token_file_option"]

token_file_option = click.option(
    "--token-file",
    type=click.Path(allow_dash=True),
    metavar="PATH",
    help="Read the token from a file, or from standard input if it is '-'.",
)


def read_token(variable: str, path: str | None) -> Token:
    """The token of a command, without one trailing newline.

    Args:
        variable: the environment variable to read if there is no path.
        path: a file, or "-" for standard input.

    Raises:
        ArgumentError: there is none, it can't be read, or is no bearer token.
    """
    token = os.environ.get(variable, "") if path is None else _content(path)
    if not token:
        raise ArgumentError(
            f"no token: set {variable}, or give --token-file PATH, or --token-file - to read"
            " standard input"
        )
    return Token(token)


def _content(path: str) -> str:
    if path == "-" and sys.stdin is None:
        return ""  # Standard input is closed.
    try:
        # utf-8-sig: Windows tools begin a file with a byte order mark.
        with click.open_file(path, encoding="utf-8-sig", errors="replace") as file:
            return str(file.read()).removesuffix("\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such path"
    # The path is not shown: it may be the token itself.
    raise ArgumentError(f"--token-file takes a path, and it can't be read: {reason}")
