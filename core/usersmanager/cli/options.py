"""Options of the commands that call the API."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from .. import ArgumentError
from .._values.token import Secret
from .._values.urls import explain_proxy_url
from .completion import complete_installed
from .connection import Connection
from .tokens import token_file_option

__all__ = ["connection_options", "json_option"]

F = TypeVar("F", bound=Callable[..., Any])


def _base_url_option(*, required: bool) -> Callable[[F], F]:
    return click.option(
        "--base-url",
        envvar="USERSMANAGER_BASE_URL",
        show_envvar=True,
        required=required,
        metavar="URL",
        help="Base URL of the API, such as https://tenant.auth0.com.",
    )


def _parse_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < math.inf:
        # The message of a BadParameter would quote the value.
        raise click.BadOptionUsage(
            "--timeout", "--timeout must be a positive number of seconds, such as 2.5"
        )
    return seconds


def _parse_proxy(url: str) -> Secret[str | None]:
    # It may contain a password.
    sealed = Secret[str | None](url)
    del url
    problem = explain_proxy_url(sealed.reveal())
    if problem is not None:
        # The message of a BadParameter would quote the value.
        raise click.BadOptionUsage("--proxy", f"--proxy {problem}")
    return sealed


_ISSUER_OPTION = click.option(
    "--issuer",
    envvar="USERSMANAGER_ISSUER",
    show_envvar=True,
    metavar="URL",
    help="Issuer URL of an OpenID provider, in place of a base URL, spelled exactly as the"
    " provider spells it.",
)

_USERINFO_OPTIONS = (
    click.option(
        "--userinfo-endpoint",
        metavar="URL",
        help="URL of the userinfo endpoint, if it is neither BASE_URL/userinfo nor in the"
        " configuration of the issuer.",
    ),
    click.option(
        "--userinfo-method",
        type=click.Choice(["GET", "POST"]),
        default="GET",
        show_default=True,
        help="Method of the userinfo request.",
    ),
)

_OPTIONS = (
    token_file_option,
    click.option(
        "--timeout",
        type=_parse_seconds,
        default=10.0,
        show_default=True,
        metavar="SECONDS",
        help="Timeout of a call, including retries and waits.",
    ),
    click.option(
        "--transport",
        metavar="NAME",
        shell_complete=complete_installed("transport"),
        help="Installed transport to use, sync or async.",
    ),
    click.option(
        "--proxy",
        type=_parse_proxy,
        metavar="URL",
        help="HTTP proxy to use, such as http://user:password@proxy.example:3128.",
    ),
    click.option(
        "--cacert",
        type=click.Path(),
        metavar="PATH",
        help="PEM file with the certificate authorities to trust, in place of the system's.",
    ),
    click.option(
        "--plugin",
        multiple=True,
        metavar="NAME",
        shell_complete=complete_installed("plugin"),
        help="Installed plugin to use, outside the others. Repeatable; the first is outermost.",
    ),
    click.option(
        "--no-plugin",
        multiple=True,
        metavar="NAME",
        shell_complete=complete_installed("plugin"),
        help="Installed plugin not to use. Repeatable.",
    ),
    click.option(
        "--allow-insecure",
        is_flag=True,
        help="Allow http to any host. The token is then sent unencrypted.",
    ),
    click.option(
        "-v",
        "--verbose",
        is_flag=True,
        help="Log calls, attempts and waits to stderr.",
    ),
)


def json_option(help_text: str) -> Callable[[F], F]:
    """Return the option --json. With it, errors are JSON objects on stderr, too."""
    return click.option("--json", "as_json", is_flag=True, help=help_text)


def connection_options(*, issuer: bool) -> Callable[[F], Callable[..., Any]]:
    """Return a decorator that adds the connection options to a command.

    The command is called with the arguments `connection` and `token_file`.

    Args:
        issuer: whether to accept --issuer as an alternative to --base-url, and the options of
            the userinfo endpoint.
    """
    address_options = (
        _base_url_option(required=not issuer),
        *((_ISSUER_OPTION, *_USERINFO_OPTIONS) if issuer else ()),
    )

    def decorate(command: F) -> Callable[..., Any]:
        @wraps(command)
        def wrapper(**values: Any) -> object:
            if issuer:
                _select_address(values)
            names = [field.name for field in fields(Connection) if field.name in values]
            connection = Connection(**{name: values.pop(name) for name in names})
            return command(connection=connection, **values)

        for option in reversed((*address_options, *_OPTIONS)):
            wrapper = option(wrapper)
        return wrapper

    return decorate


_NO_ADDRESS = (
    "no base URL: pass --base-url or --issuer, or set USERSMANAGER_BASE_URL or USERSMANAGER_ISSUER"
)
_TWO_OPTIONS = "--base-url and --issuer are mutually exclusive: remove one"
_TWO_VARIABLES = (
    "USERSMANAGER_BASE_URL and USERSMANAGER_ISSUER are both set: unset one, or pass --base-url"
    " or --issuer"
)


def _select_address(values: dict[str, Any]) -> None:
    """Keep one of base_url and issuer. The command line overrides the environment."""
    source = click.get_current_context().get_parameter_source
    given = [name for name in ("base_url", "issuer") if values[name] is not None]
    typed = [name for name in given if source(name) is ParameterSource.COMMANDLINE]
    candidates = typed or given
    if not candidates:
        raise ArgumentError(_NO_ADDRESS)
    if len(candidates) > 1:
        raise ArgumentError(_TWO_OPTIONS if typed else _TWO_VARIABLES)
    values.update({name: None for name in given if name not in candidates})
