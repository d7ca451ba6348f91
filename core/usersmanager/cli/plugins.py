"""`usersmanager plugins`: list the installed plugins and transports with their status."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from dataclasses import asdict
from textwrap import wrap

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .. import PluginWarning
from .._composition.entry_points import Kind, installed_names
from .._composition.names import allowed_names, disabled_names, normalize
from .._composition.report import reported_order
from .._values.suggestions import did_you_mean
from ..plugins import PluginReport, installed_plugins
from .output import escape_control_characters, format_json, make_console

__all__ = ["plugins", "print_plugins"]

_STYLES = {"active": "green", "failed": "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a list of JSON objects.")
def plugins(as_json: bool) -> None:
    """List installed plugins and transports with their status.

    Below the table are the order of the plugins around a call and around each attempt,
    and the reasons why some are not used.

    The environment variable USERSMANAGER_DISABLE disables plugins and transports by name;
    USERSMANAGER_PLUGINS, if it is not empty, lists the plugins to use.
    """
    reports = installed_plugins()
    _warn_about_unknown_names()
    if as_json:
        click.echo(format_json([asdict(report) for report in reports]))
    else:
        print_plugins(make_console(), reports)


def _warn_about_unknown_names() -> None:
    """Warn about names in the environment variables that are not installed.

    A manager does not: the variables are often set for several programs at once, and not
    every program has every plugin.
    """
    _warn_about_unknown("USERSMANAGER_DISABLE", disabled_names(), ("plugin", "transport"))
    _warn_about_unknown("USERSMANAGER_PLUGINS", allowed_names() or (), ("plugin",))


def _warn_about_unknown(variable: str, names: Collection[str], kinds: Sequence[Kind]) -> None:
    installed = [name for kind in kinds for name in installed_names(kind)]
    for name in sorted(set(names).difference(map(normalize, installed))):
        warnings.warn(
            f"{variable}: no {' or '.join(kinds)} with that name is installed"
            + did_you_mean(name, installed),
            PluginWarning,
            stacklevel=2,
        )


def print_plugins(console: Console, reports: Sequence[PluginReport]) -> None:
    """Print a table that fits 80 columns; below it the order, and why a plugin is not active."""
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "kind", "mode", "hooks", "distribution", "status"):
        # In 80 columns or more only the distribution is folded; in fewer, every column.
        no_wrap = heading != "distribution" and console.width >= 80
        table.add_column(heading, overflow="fold", no_wrap=no_wrap)
    reasons = []
    for report in reports:
        name = escape_control_characters(report.name)
        table.add_row(
            _wrap_name(name, 13),
            report.kind,
            "\n".join(report.modes),
            "\n".join(hook.removeprefix("usersmanager_") for hook in report.hooks),
            _distribution(report),
            Text(_wrap_name(report.status, 10), _STYLES.get(report.status, "yellow")),
        )
        if report.reason:
            reasons.append(f"{name}: {escape_control_characters(report.reason)}")
    console.print(table)
    order = escape_control_characters(str(reported_order(reports)))
    console.print(f"order, outermost first: {order}")
    for reason in reasons:
        console.print(reason)


def _distribution(report: PluginReport) -> str:
    """Return the distribution and its version and, below it, what it requires of this one."""
    name = _wrap_name(escape_control_characters(report.distribution), 15)
    lines = [f"{name} {escape_control_characters(report.version)}"]
    if report.requires:
        # A line can only be broken at a space.
        requirement = report.requires.replace("usersmanager", "usersmanager ", 1).strip()
        lines.append(f"for {escape_control_characters(requirement)}")
    return "\n".join(lines)


def _wrap_name(name: str, width: int) -> str:
    """Wrap a name at its hyphens and spaces; rich wraps at spaces only."""
    return "\n".join(wrap(name, width))
