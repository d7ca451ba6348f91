"""`usersmanager demo`: run the main features against a local test server."""

from __future__ import annotations

import time

import click

from .. import __version__
from .output import make_console
from .users import add_demo_users

__all__ = ["demo"]


@click.command()
def demo() -> None:
    """Run the main features against a local test server.

    It takes a few seconds, and needs no account and no network.
    """
    # Imported here because aiohttp and asyncio are slow to import, and other commands
    # don't need them.
    from ..testing import Limit, Sandbox
    from .demo_steps import STEPS

    console = make_console()
    started = time.perf_counter()
    with Sandbox(rate_limit=Limit()) as server:
        add_demo_users(server)
        console.print(f"usersmanager {__version__}, with a test server at {server.base_url}")
        for number, (title, step) in enumerate(STEPS, 1):
            console.print(f"\n{number}. {title}", style="bold")
            step(console, server)
    console.print(f"\nDone in {time.perf_counter() - started:.1f} s.", style="bold")
