"""`usersmanager info`: the profile behind an access token."""

from __future__ import annotations

import click
from rich.table import Table

from .. import UserInfo
from .connection import Connection
from .options import connection_options
from .output import as_json, as_text, make_console, safe
from .tokens import read_token

__all__ = ["info", "profile_table"]


@click.command()
@connection_options(issuer=True)
@click.option("--expect-subject", metavar="SUB", help="Fail if the profile is of someone else.")
@click.option("--json", "wants_json", is_flag=True, help="Print the profile as a JSON object.")
def info(
    connection: Connection, token_file: str | None, expect_subject: str | None, wants_json: bool
) -> None:
    """Prints the profile behind an access token.

    The token comes from the environment variable USERSMANAGER_TOKEN, or from
    --token-file. It is never an argument, as every process can see those.
    """
    token = read_token("USERSMANAGER_TOKEN", token_file)
    profile = connection.call(
        lambda users: users.get_info(token.reveal(), expected_subject=expect_subject)
    )
    if wants_json:
        click.echo(as_json(profile))
    else:
        _show(profile)


def _show(profile: UserInfo) -> None:
    console = make_console()
    if console.is_terminal:
        console.print(profile_table(profile))
        return
    for claim, value in profile.items():
        click.echo(f"{safe(claim)}: {as_text(value)}")


def profile_table(profile: UserInfo) -> Table:
    """A profile for people: one claim a row."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan", overflow="fold")
    table.add_column(overflow="fold")
    for claim, value in profile.items():
        table.add_row(safe(claim), as_text(value))
    return table
