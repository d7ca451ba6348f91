"""`usersmanager demo`: the main job, shown on a sandbox of its own in a few seconds."""

from __future__ import annotations

import time

import click

from .. import __version__
from .output import make_console
from .sandbox import add_people

__all__ = ["demo"]


@click.command(short_help="Shows everything in a few seconds, without an account.")
def demo() -> None:
    """Shows everything on a tenant in a box: it needs no account and no network."""
    # Imported here: a server and both HTTP libraries, which the other commands do without.
    from ..testing import Sandbox
    from .scenes import SCENES

    console = make_console()
    started = time.perf_counter()
    with Sandbox() as tenant:
        add_people(tenant)
        console.print(f"usersmanager {__version__}, on a sandbox tenant at {tenant.base_url}")
        for number, (title, scene) in enumerate(SCENES, 1):
            console.print(f"\n{number}. {title}", style="bold")
            scene(console, tenant)
    console.print(f"\nThat was all of it, in {time.perf_counter() - started:.1f} s.", style="bold")
