"""`usersmanager plugins`: what is installed, whether it works, and why not."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable
from dataclasses import asdict
from textwrap import wrap

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .. import PluginWarning
from .._composition.entry_points import disabled_names
from .._values.suggestions import did_you_mean
from ..plugins import PluginReport, installed_plugins
from .output import as_json, make_console, safe

__all__ = ["plugins", "show_plugins"]

_STYLES = {
    "active": "green",
    "disabled": "yellow",
    "shadowed": "yellow",
    "missing dependency": "yellow",
    "failed": "red",
}


@click.command(short_help="Lists what is installed, whether it works, and why not.")
@click.option("--json", "wants_json", is_flag=True, help="Print a list of JSON objects.")
def plugins(wants_json: bool) -> None:
    """Lists the installed transports and plugins, and says which can't be used.

    The environment variable USERSMANAGER_DISABLE blocks those it names.
    """
    reports = installed_plugins()
    _warn_of_unknown({report.name for report in reports})
    if wants_json:
        click.echo(as_json([asdict(report) for report in reports]))
    else:
        show_plugins(make_console(), reports)


def _warn_of_unknown(known: Collection[str]) -> None:
    """Warns of blocked names that are not installed.

    A manager does not: the variable is often set for several programs at once, and not
    each of them has every plugin.
    """
    for name in sorted(disabled_names().difference(known)):
        warnings.warn(
            "USERSMANAGER_DISABLE: no plugin or transport of that name is installed"
            + did_you_mean(name, known),
            PluginWarning,
            stacklevel=2,
        )


def show_plugins(console: Console, reports: Iterable[PluginReport]) -> None:
    """A table that fits 80 columns; why one is not active stands below it."""
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "kind", "modes", "hooks", "distribution", "status"):
        # With 80 columns or more only the distribution gives way; with fewer, all of them.
        whole = heading != "distribution" and console.width >= 80
        table.add_column(heading, overflow="fold", no_wrap=whole)
    shown = list(reports)
    for one in shown:
        table.add_row(
            _folded(safe(one.name), 13),
            one.kind,
            "\n".join(one.modes),
            "\n".join(hook.removeprefix("usersmanager_") for hook in one.hooks),
            f"{_folded(safe(one.distribution), 15)} {safe(one.version)}",
            Text(one.status.replace(" ", "\n"), _STYLES[one.status]),
        )
    console.print(table)
    for one in shown:
        if one.reason:
            console.print(f"{safe(one.name)}: {safe(one.reason)}")


def _folded(name: str, width: int) -> str:
    """Folded at hyphens, which rich would not do."""
    return "\n".join(wrap(name, width))
