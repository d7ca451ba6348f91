"""`usersmanager info`: print a user's profile."""

from __future__ import annotations

import click
from rich.table import Table

from .. import UserInfo
from .connection import Connection
from .options import connection_options, json_option
from .output import escape_control_characters, format_json, format_value, make_console
from .tokens import read_token

__all__ = ["info", "profile_table"]

_EPILOG = """\b
Examples:
  usersmanager info --base-url https://tenant.auth0.com
  usersmanager info --issuer https://accounts.example.com --token-file token
  usersmanager info --json | jq -r .email
"""


@click.command(epilog=_EPILOG)
@connection_options(issuer=True)
@click.option(
    "--expect-subject", metavar="SUB", help="Fail if the profile belongs to another subject."
)
@json_option("Print the profile, or an error, as a JSON object.")
def info(
    connection: Connection, token_file: str | None, expect_subject: str | None, as_json: bool
) -> None:
    """Print the user profile for an access token.

    The token is read from the environment variable USERSMANAGER_TOKEN or from
    --token-file, never from an argument: other processes can see those.
    """
    token = read_token("USERSMANAGER_TOKEN", token_file)
    profile = connection.call(
        lambda users: users.get_info(token.reveal(), expected_subject=expect_subject)
    )
    if as_json:
        click.echo(format_json(profile))
    else:
        _print_profile(profile)


def _print_profile(profile: UserInfo) -> None:
    console = make_console()
    if console.is_terminal:
        console.print(profile_table(profile))
        return
    for claim, value in profile.items():
        click.echo(f"{escape_control_characters(claim)}: {format_value(value)}")


def profile_table(profile: UserInfo) -> Table:
    """Return a table with one row per claim."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan", overflow="fold")
    table.add_column(overflow="fold")
    for claim, value in profile.items():
        table.add_row(escape_control_characters(claim), format_value(value))
    return table
