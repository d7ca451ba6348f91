"""A plugin for tests of flows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from usersmanager.plugins import hookimpl

__all__ = ["Hooks"]


class Hooks:
    """A plugin of functions, by the names of their hooks without the prefix."""

    def __init__(self, **functions: Callable[..., Any]) -> None:
        for name, function in functions.items():
            setattr(self, f"usersmanager_{name}", hookimpl(function))
