"""The scenes: each one a question, answered by a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..server import Server
from ..tables import Table

__all__ = ["Scene", "Setting"]


class Setting(NamedTuple):
    """What every scene is given.

    Attributes:
        server: the loopback server.
        quick: fewer and shorter rounds.
    """

    server: Server
    quick: bool

    def rounds(self, number: int) -> int:
        """How many rounds to make, where a full run makes `number`."""
        return max(2, number // 10) if self.quick else number

    def seconds(self, number: float) -> float:
        """How long a turn lasts, where it lasts `number` in a full run."""
        return number / 5 if self.quick else number


class Scene(NamedTuple):
    """A scene by name."""

    name: str
    run: Callable[[Setting], Table]
