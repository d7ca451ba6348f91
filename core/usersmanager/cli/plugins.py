"""`usersmanager plugins`: list the installed plugins and transports with their status."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from dataclasses import asdict

import click

from .. import PluginWarning
from .._composition.entry_points import Kind, installed_names
from .._composition.names import allowed_names, disabled_names, normalize
from .._values.suggestions import did_you_mean
from ..plugins import installed_plugins
from .options import json_option
from .output import format_json, make_console
from .plugin_list import format_line, print_plugins

__all__ = ["plugins"]


@click.command()
@json_option("Print a list of JSON objects.")
def plugins(as_json: bool) -> None:
    """List installed plugins and transports with their status.

    On a terminal, the order of the plugins around a call and around each attempt follows.
    Otherwise each plugin is one line of fields, separated by tabs.

    The environment variable USERSMANAGER_DISABLE disables plugins and transports by name;
    USERSMANAGER_PLUGINS, if it is not empty, lists the plugins to use.
    """
    reports = installed_plugins()
    _warn_about_unknown_names()
    console = make_console()
    if as_json:
        click.echo(format_json([asdict(report) for report in reports]))
    elif console.is_terminal:
        print_plugins(console, reports)
    else:
        click.echo("\n".join(map(format_line, reports)))


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
