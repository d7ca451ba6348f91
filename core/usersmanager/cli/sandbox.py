"""`usersmanager sandbox`: a tenant in a box, for trying things by hand."""

from __future__ import annotations

import errno
import time
from typing import TYPE_CHECKING

import click

from .. import ArgumentError

if TYPE_CHECKING:
    from ..testing import Sandbox

__all__ = ["ADA", "GRACE", "add_people", "sandbox"]

ADA, GRACE = "auth0|ada", "auth0|grace"

_GUIDE = """\
A sandbox tenant listens on {url} (Ctrl-C stops it).

base url    {url}
client id   {client_id}
users       {ada}, {grace}
user token  {token}
API token   {api_token}

Try it in another terminal:

export USERSMANAGER_BASE_URL={url}
export USERSMANAGER_TOKEN={token}
export USERSMANAGER_API_TOKEN={api_token}
usersmanager info
usersmanager impersonate '{ada}' --client-id {client_id} --impersonator '{grace}'
"""


@click.command(short_help="Runs a small tenant on this machine, to try things on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="Where to listen on 127.0.0.1; any free port if it is 0 or left out.",
)
@click.option(
    "--rate-limit", is_flag=True, help="Limit as Auth0 does: 5 profiles a minute, 10 at once."
)
def sandbox(port: int, rate_limit: bool) -> None:
    """Runs a tenant with two demo users on this machine, until Ctrl-C."""
    # Imported here: the server is slow to import, and the other commands do without.
    from ..testing import Limit, Sandbox

    tenant = Sandbox(port=port, rate_limit=Limit() if rate_limit else None)
    try:
        tenant.start()
    except OSError as error:
        raise ArgumentError(_reason(error, port)) from None
    try:
        add_people(tenant)
        click.echo(_guide(tenant))
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        click.echo("\nstopped")  # A terminal has shown ^C on the line before.
    finally:
        tenant.stop()


def _reason(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: give another one, or leave --port out for any free one"
    return f"the sandbox can't start: {error.strerror}"


def add_people(tenant: Sandbox) -> None:
    """Adds the two demo users, ADA and GRACE."""
    tenant.add_user(ADA, name="Ada Lovelace", email="ada@example.com", email_verified=True)
    tenant.add_user(GRACE, name="Grace Hopper", email="grace@example.com", email_verified=True)


def _guide(tenant: Sandbox) -> str:
    return _GUIDE.format(
        url=tenant.base_url,
        client_id=tenant.client_id,
        ada=ADA,
        grace=GRACE,
        token=tenant.issue_token(ADA),
        api_token=tenant.issue_api_token(),
    )
