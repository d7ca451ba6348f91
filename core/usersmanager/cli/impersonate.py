"""`usersmanager impersonate`: a one-time link that logs in as a user."""

from __future__ import annotations

import webbrowser
from collections.abc import Iterable

import click

from .. import ArgumentError, UsersManagerError
from .completion import one_of
from .connection import Connection
from .options import connection_options
from .tokens import read_token

__all__ = ["impersonate"]

_PROTOCOLS = ("oauth2", "samlp", "wsfed", "wsfed-rms")


@click.command(short_help="Prints or opens a link that logs in as a user, once.")
@click.argument("user_id")
@connection_options(issuer=False)
@click.option("--client-id", required=True, metavar="ID", help="The client to log in to.")
@click.option("--impersonator", required=True, metavar="ID", help="The user who logs in.")
@click.option(
    "--protocol",
    default="oauth2",
    show_default=True,
    metavar="NAME",
    shell_complete=one_of(_PROTOCOLS),
    help="oauth2, samlp, wsfed or wsfed-rms; another is sent as it is.",
)
@click.option("--param", "parameters", multiple=True, metavar="NAME=VALUE", help="More to send.")
@click.option(
    "--open", "opens", is_flag=True, help="Open the link in the browser, and don't print it."
)
def impersonate(
    connection: Connection,
    user_id: str,
    token_file: str | None,
    client_id: str,
    impersonator: str,
    protocol: str,
    parameters: tuple[str, ...],
    opens: bool,
) -> None:
    """Prints a link that logs in as USER_ID, once. Whoever opens it is logged in.

    The API token comes from the environment variable USERSMANAGER_API_TOKEN, or from
    --token-file. It is never an argument, as every process can see those.
    """
    additional = _parameters(parameters)
    token = read_token("USERSMANAGER_API_TOKEN", token_file)
    if opens:
        _require_browser()
    link = connection.call(
        lambda users: users.impersonate(
            user_id,
            {
                "client_id": client_id,
                "impersonator_id": impersonator,
                "protocol": protocol,
                "token": token.reveal(),
                "additional_parameters": additional or None,
            },
        )
    )
    if not opens:
        click.echo(link)
    elif not webbrowser.open(link):
        raise _not_opened("the browser did not open the link")


def _require_browser() -> None:
    """Asked before a link is made: one that can't be opened is a credential left lying."""
    try:
        webbrowser.get()
    except webbrowser.Error:
        raise _not_opened("there is no browser here") from None


def _not_opened(reason: str) -> UsersManagerError:
    return UsersManagerError(f"{reason}: leave --open out, and a new link is printed")


def _parameters(pairs: Iterable[str]) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise ArgumentError("--param needs NAME=VALUE")
        if name in parameters:
            raise ArgumentError("--param gives a name twice")
        parameters[name] = value
    return parameters
