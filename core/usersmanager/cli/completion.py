"""What a shell offers for a value. Nothing that is installed is imported for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click

from .._composition.entry_points import Kind, by_name

__all__ = ["installed_of", "one_of"]

Complete = Callable[[click.Context, click.Parameter, str], list[str]]


def one_of(values: Iterable[str]) -> Complete:
    """Offers these values."""
    return _offered(lambda: values)


def installed_of(kind: Kind) -> Complete:
    """Offers the names of what is installed of a kind."""
    return _offered(lambda: by_name(kind))


def _offered(values: Callable[[], Iterable[str]]) -> Complete:
    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        return [value for value in values() if value.startswith(incomplete)]

    return complete
