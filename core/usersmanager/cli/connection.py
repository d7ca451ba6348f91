"""The options of every command that calls the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from .tokens import token_file_option

__all__ = ["connection_options"]

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--base-url",
        envvar="USERSMANAGER_BASE_URL",
        show_envvar=True,
        required=True,
        metavar="URL",
        help="Where the API is, such as https://tenant.auth0.com.",
    ),
    token_file_option,
    click.option(
        "--timeout",
        type=float,
        default=10.0,
        show_default=True,
        metavar="SECONDS",
        help="For the whole call, retries and waits included.",
    ),
    click.option("--transport", metavar="NAME", help="An installed blocking transport."),
    click.option(
        "--allow-insecure",
        is_flag=True,
        help="Allow http to any host. The token then crosses the network in the clear.",
    ),
)


def connection_options(command: F) -> F:
    """Adds `base_url`, `token_file`, `timeout`, `transport` and `allow_insecure`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
