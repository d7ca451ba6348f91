"""`usersmanager sandbox`: run a local Auth0-like test server."""

from __future__ import annotations

import errno
import os
import shlex
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from .. import ArgumentError
from .output import escape_control_characters
from .stdout import end_output, flush_output
from .users import ADA, GRACE, add_demo_users, add_users, user_option

if TYPE_CHECKING:
    from ..testing import Sandbox

__all__ = ["sandbox"]

_GUIDE = """\
Test server listening on {url} (Ctrl-C to stop)

base URL    {url}
client ID   {client_id}
API token   {api_token}
{tokens}

Try it in another terminal:

{exports}
usersmanager info
usersmanager impersonate {user_id} \\
    --client-id {client_id} --impersonator {impersonator}
"""

_EPILOG = """\b
Run it in the background of a shell:
  eval "$(usersmanager sandbox --env &)"
  usersmanager info
  kill "$USERSMANAGER_SANDBOX_PID"
"""


@click.command(short_help="Run a local Auth0-like test server.", epilog=_EPILOG)
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
@user_option
@click.option("--env", is_flag=True, help="Print shell assignments for eval, and nothing else.")
def sandbox(port: int, rate_limit: bool, users: Sequence[Mapping[str, Any]], env: bool) -> None:
    """Run a local Auth0-like test server with two demo users, until Ctrl-C."""
    # Imported here because aiohttp is slow to import, and other commands don't need it.
    from ..testing import Limit, Sandbox

    server = Sandbox(port=port, rate_limit=Limit() if rate_limit else None)
    add_demo_users(server)
    user_ids = [*add_users(server, users), ADA, GRACE]
    try:
        server.start()
    except OSError as error:
        raise _start_error(error, port) from None
    try:
        _print_environment(server, user_ids[0]) if env else click.echo(_guide(server, user_ids))
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


def _print_environment(server: Sandbox, user_id: str) -> None:
    """Print the assignments, and end the output: a shell waits for its end before it goes on."""
    variables = _variables(server, server.issue_token(user_id))
    click.echo(_exports({**variables, "USERSMANAGER_SANDBOX_PID": str(os.getpid())}))
    flush_output()
    end_output()


def _guide(server: Sandbox, user_ids: Sequence[str]) -> str:
    tokens = {user_id: server.issue_token(user_id) for user_id in dict.fromkeys(user_ids)}
    variables = _variables(server, tokens[user_ids[0]])
    shown = {escape_control_characters(user_id): token for user_id, token in tokens.items()}
    width = max(map(len, shown))
    return _GUIDE.format(
        url=server.base_url,
        client_id=server.client_id,
        api_token=variables["USERSMANAGER_API_TOKEN"],
        tokens="\n".join(f"user token  {name:{width}}  {token}" for name, token in shown.items()),
        exports=_exports(variables),
        user_id=shlex.quote(next(iter(shown))),
        impersonator=shlex.quote(GRACE),
    )


def _variables(server: Sandbox, token: str) -> dict[str, str]:
    """Return the environment variables that make other commands use the server."""
    return {
        "USERSMANAGER_BASE_URL": server.base_url,
        "USERSMANAGER_TOKEN": token,
        "USERSMANAGER_API_TOKEN": server.issue_api_token(),
    }


def _exports(variables: Mapping[str, str]) -> str:
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())
