"""`usersmanager impersonate`: make a one-time link that logs in as a user."""

from __future__ import annotations

import webbrowser
from collections.abc import Iterable

import click

from .. import ArgumentError, UsersManagerError
from .completion import complete_from
from .connection import Connection
from .options import connection_options, json_option
from .output import format_json
from .tokens import read_token

__all__ = ["impersonate"]

_PROTOCOLS = ("oauth2", "samlp", "wsfed", "wsfed-rms")


_EPILOG = """\b
Example:
  usersmanager impersonate 'auth0|123' --open \\
      --client-id my-client --impersonator 'auth0|me'
"""


@click.command(short_help="Print or open a one-time link that logs in as a user.", epilog=_EPILOG)
@click.argument("user_id")
@connection_options(issuer=False)
@click.option("--client-id", required=True, metavar="ID", help="Client to log in to.")
@click.option(
    "--impersonator", required=True, metavar="ID", help="User ID of the person logging in."
)
@click.option(
    "--protocol",
    default="oauth2",
    show_default=True,
    metavar="NAME",
    shell_complete=complete_from(_PROTOCOLS),
    help="oauth2, samlp, wsfed, wsfed-rms, or any other name the server knows.",
)
@click.option(
    "--param",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="Additional parameter to send. Repeatable.",
)
@click.option(
    "--open", "open_link", is_flag=True, help="Open the link in a browser instead of printing it."
)
@json_option("Print the link, or an error, as a JSON object.")
def impersonate(
    connection: Connection,
    user_id: str,
    token_file: str | None,
    client_id: str,
    impersonator: str,
    protocol: str,
    parameters: tuple[str, ...],
    open_link: bool,
    as_json: bool,
) -> None:
    """Print a one-time link that logs in as USER_ID.

    Treat the link as a credential: the first person to open it is logged in.

    The API token is read from the environment variable USERSMANAGER_API_TOKEN or from
    --token-file, never from an argument: other processes can see those.
    """
    additional = _parse_parameters(parameters)
    token = read_token("USERSMANAGER_API_TOKEN", token_file)
    if open_link:
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
    if not open_link:
        click.echo(format_json({"link": link}) if as_json else link)
    elif not webbrowser.open(link):
        raise _browser_error("the browser did not open the link")


def _require_browser() -> None:
    """Raise before a link is made that nobody can open: it is a credential."""
    try:
        webbrowser.get()
    except webbrowser.Error:
        raise _browser_error("no browser is available") from None


def _browser_error(reason: str) -> UsersManagerError:
    return UsersManagerError(f"{reason}: run again without --open to print a link")


def _parse_parameters(pairs: Iterable[str]) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise ArgumentError("--param must be NAME=VALUE")
        if name in parameters:
            raise ArgumentError("--param sets the same name twice")
        parameters[name] = value
    return parameters
