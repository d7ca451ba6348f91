"""Shell completion of option values. It imports no plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click

from .._composition.entry_points import Kind, installed_names

__all__ = ["complete_from", "complete_installed"]

Complete = Callable[[click.Context, click.Parameter, str], list[str]]


def complete_from(values: Iterable[str]) -> Complete:
    """Return a completion function that offers fixed values."""
    return _complete(lambda: values)


def complete_installed(kind: Kind) -> Complete:
    """Return a completion function that offers the names of installed plugins or transports."""
    return _complete(lambda: installed_names(kind))


def _complete(values: Callable[[], Iterable[str]]) -> Complete:
    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        return [value for value in values() if value.startswith(incomplete)]

    return complete
