"""`usersmanager plugins`: list the installed plugins and transports with their status."""

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
from .output import escape_control_characters, format_json, make_console

__all__ = ["plugins", "print_plugins"]

_STYLES = {"active": "green", "failed": "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a list of JSON objects.")
def plugins(as_json: bool) -> None:
    """List installed plugins and transports with their status.

    The reason why one cannot be used is printed below the table. The environment
    variable USERSMANAGER_DISABLE disables plugins and transports by name.
    """
    reports = installed_plugins()
    _warn_about_unknown_names({report.name for report in reports})
    if as_json:
        click.echo(format_json([asdict(report) for report in reports]))
    else:
        print_plugins(make_console(), reports)


def _warn_about_unknown_names(installed: Collection[str]) -> None:
    """Warn about names in USERSMANAGER_DISABLE that are not installed.

    A manager does not: the variable is often set for several programs at once, and not
    every program has every plugin.
    """
    for name in sorted(disabled_names().difference(installed)):
        warnings.warn(
            "USERSMANAGER_DISABLE: no plugin or transport with that name is installed"
            + did_you_mean(name, installed),
            PluginWarning,
            stacklevel=2,
        )


def print_plugins(console: Console, reports: Iterable[PluginReport]) -> None:
    """Print a table that fits 80 columns, and below it why a plugin is not active."""
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "kind", "mode", "hooks", "distribution", "status"):
        # In 80 columns or more only the distribution is folded; in fewer, every column.
        no_wrap = heading != "distribution" and console.width >= 80
        table.add_column(heading, overflow="fold", no_wrap=no_wrap)
    reasons = []
    for report in reports:
        name = escape_control_characters(report.name)
        distribution = escape_control_characters(report.distribution)
        table.add_row(
            _wrap_name(name, 13),
            report.kind,
            "\n".join(report.modes),
            "\n".join(hook.removeprefix("usersmanager_") for hook in report.hooks),
            f"{_wrap_name(distribution, 15)} {escape_control_characters(report.version)}",
            Text(_wrap_name(report.status, 10), _STYLES.get(report.status, "yellow")),
        )
        if report.reason:
            reasons.append(f"{name}: {escape_control_characters(report.reason)}")
    console.print(table)
    for reason in reasons:
        console.print(reason)


def _wrap_name(name: str, width: int) -> str:
    """Wrap a name at its hyphens and spaces; rich wraps at spaces only."""
    return "\n".join(wrap(name, width))
