"""`usersmanager impersonate`: a one-time link that logs in as a user."""

from __future__ import annotations

from collections.abc import Iterable

import click

from .. import ArgumentError, UsersManager
from .connection import connection_options
from .tokens import read_token

__all__ = ["impersonate"]


@click.command()
@click.argument("user_id")
@connection_options
@click.option("--client-id", required=True, metavar="ID", help="The client to log in to.")
@click.option("--impersonator", required=True, metavar="ID", help="The user who logs in.")
@click.option(
    "--protocol",
    default="oauth2",
    show_default=True,
    metavar="NAME",
    help="oauth2, samlp, wsfed or wsfed-rms.",
)
@click.option("--param", "parameters", multiple=True, metavar="NAME=VALUE", help="More to send.")
def impersonate(
    user_id: str,
    base_url: str,
    token_file: str | None,
    timeout: float,
    transport: str | None,
    allow_insecure: bool,
    client_id: str,
    impersonator: str,
    protocol: str,
    parameters: tuple[str, ...],
) -> None:
    """Prints a link that logs in as USER_ID, once. Whoever opens it is logged in.

    The API token comes from the environment variable USERSMANAGER_API_TOKEN, or from
    --token-file. It is never an argument, as every process can see those.
    """
    additional = _parameters(parameters)
    token = read_token("USERSMANAGER_API_TOKEN", token_file)
    with UsersManager(
        base_url,
        client_id=client_id,
        timeout=timeout,
        transport=transport,
        allow_insecure=allow_insecure,
    ) as users:
        link = users.impersonate(
            user_id,
            {
                "impersonator_id": impersonator,
                "protocol": protocol,
                "token": token.reveal(),
                "additional_parameters": additional or None,
            },
        )
    click.echo(link)


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
