"""`usersmanager sandbox`: run a local Auth0-like test server."""

from __future__ import annotations

import errno
import time
from typing import TYPE_CHECKING

import click

from .. import ArgumentError

if TYPE_CHECKING:
    from ..testing import Sandbox

__all__ = ["ADA", "GRACE", "add_demo_users", "sandbox"]

ADA, GRACE = "auth0|ada", "auth0|grace"

_GUIDE = """\
Test server listening on {url} (Ctrl-C to stop)

base URL    {url}
client ID   {client_id}
users       {ada}, {grace}
user token  {token}
API token   {api_token}

Try it in another terminal:

export USERSMANAGER_BASE_URL={url}
export USERSMANAGER_TOKEN={token}
export USERSMANAGER_API_TOKEN={api_token}
usersmanager info
usersmanager impersonate '{ada}' \\
    --client-id {client_id} --impersonator '{grace}'
"""


@click.command(short_help="Run a local Auth0-like test server.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="Port to listen on; any free port by default.",
)
@click.option(
    "--rate-limit",
    is_flag=True,
    help="Limit requests like Auth0: 5 profiles a minute, bursts of 10.",
)
def sandbox(port: int, rate_limit: bool) -> None:
    """Run a local Auth0-like test server with two demo users, until Ctrl-C."""
    # Imported here because aiohttp is slow to import, and other commands don't need it.
    from ..testing import Limit, Sandbox

    server = Sandbox(port=port, rate_limit=Limit() if rate_limit else None)
    try:
        server.start()
    except OSError as error:
        raise _start_error(error, port) from None
    try:
        add_demo_users(server)
        click.echo(_guide(server))
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        click.echo("\nstopped")  # A terminal has shown ^C on the line before.
    finally:
        server.stop()


def _start_error(error: OSError, port: int) -> ArgumentError:
    if error.errno == errno.EADDRINUSE:
        return ArgumentError(
            f"port {port} is in use: choose another, or omit --port to use any free port"
        )
    return ArgumentError(f"cannot start the sandbox: {error.strerror}")


def add_demo_users(server: Sandbox) -> None:
    """Add the two demo users, ADA and GRACE."""
    server.add_user(ADA, name="Ada Lovelace", email="ada@example.com", email_verified=True)
    server.add_user(GRACE, name="Grace Hopper", email="grace@example.com", email_verified=True)


def _guide(server: Sandbox) -> str:
    return _GUIDE.format(
        url=server.base_url,
        client_id=server.client_id,
        ada=ADA,
        grace=GRACE,
        token=server.issue_token(ADA),
        api_token=server.issue_api_token(),
    )
