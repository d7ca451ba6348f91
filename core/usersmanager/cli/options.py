"""The options of every command that calls the API."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from .. import ArgumentError
from .completion import installed_of
from .connection import Connection
from .tokens import token_file_option

__all__ = ["connection_options"]

F = TypeVar("F", bound=Callable[..., Any])


def _base_url_option(*, required: bool) -> Callable[[F], F]:
    return click.option(
        "--base-url",
        envvar="USERSMANAGER_BASE_URL",
        show_envvar=True,
        required=required,
        metavar="URL",
        help="Where the API is, such as https://tenant.auth0.com.",
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < math.inf:
        # Unlike a BadParameter, whose message would quote what was typed, this one is shown.
        raise click.BadOptionUsage(
            "--timeout", "--timeout takes seconds: a positive number, such as 2.5"
        )
    return seconds


_ISSUER_OPTION = click.option(
    "--issuer",
    envvar="USERSMANAGER_ISSUER",
    show_envvar=True,
    metavar="URL",
    help="Or the OpenID provider, exactly as it writes itself: its configuration says where.",
)

_OPTIONS = (
    token_file_option,
    click.option(
        "--timeout",
        type=_seconds,
        default=10.0,
        show_default=True,
        metavar="SECONDS",
        help="For a whole call, retries and waits included.",
    ),
    click.option(
        "--transport",
        metavar="NAME",
        shell_complete=installed_of("transport"),
        help="An installed transport, blocking or asyncio.",
    ),
    click.option(
        "--plugin",
        multiple=True,
        metavar="NAME",
        shell_complete=installed_of("plugin"),
        help="Put an installed plugin first; again for more, the first is outermost.",
    ),
    click.option(
        "--no-plugin",
        multiple=True,
        metavar="NAME",
        shell_complete=installed_of("plugin"),
        help="Leave an installed plugin out; again for more.",
    ),
    click.option(
        "--allow-insecure",
        is_flag=True,
        help="Allow http to any host or endpoint. The token then crosses the network in the clear.",
    ),
    click.option(
        "-v",
        "--verbose",
        is_flag=True,
        help="Tell attempts, waits and timings on standard error, as they happen.",
    ),
)


def connection_options(*, issuer: bool) -> Callable[[F], Callable[..., Any]]:
    """Gives a command the arguments `connection` and `token_file`.

    Args:
        issuer: whether an issuer may be given in place of the base URL.
    """
    address = (_base_url_option(required=not issuer), *([_ISSUER_OPTION] if issuer else ()))

    def add(command: F) -> Callable[..., Any]:
        @wraps(command)
        def collected(**given: Any) -> object:
            if issuer:
                _choose_address(given)
            ours = [field.name for field in fields(Connection) if field.name in given]
            connection = Connection(**{name: given.pop(name) for name in ours})
            return command(connection=connection, **given)

        for option in reversed((*address, *_OPTIONS)):
            collected = option(collected)
        return collected

    return add


_NO_ADDRESS = (
    "no address: give --base-url or --issuer, or set USERSMANAGER_BASE_URL or USERSMANAGER_ISSUER"
)
_TWO_TYPED = "--base-url and --issuer are both given: leave one out"
_TWO_SET = (
    "USERSMANAGER_BASE_URL and USERSMANAGER_ISSUER are both set: unset one, or give --base-url"
    " or --issuer"
)


def _choose_address(given: dict[str, Any]) -> None:
    """Leaves one address: what is typed stands above the environment."""
    source = click.get_current_context().get_parameter_source
    found = [name for name in ("base_url", "issuer") if given[name] is not None]
    typed = [name for name in found if source(name) is ParameterSource.COMMANDLINE]
    chosen = typed or found
    if not chosen:
        raise ArgumentError(_NO_ADDRESS)
    if len(chosen) > 1:
        raise ArgumentError(_TWO_TYPED if typed else _TWO_SET)
    given.update({name: None for name in found if name not in chosen})
