"""Rows of a contract that a subclass does not keep, each with a reason that a run shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from unittest import SkipTest

__all__ = ["Exemptions"]


class Exemptions:
    """The base of the contracts.

    Attributes:
        exempt: the names of the rows that are skipped, and why.
    """

    exempt: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Skips the exempt rows.

        Raises:
            TypeError: there is no such row, or no reason.
        """
        super().__init_subclass__(**keywords)
        for row, reason in cls.exempt.items():
            if not row.startswith("test_") or not hasattr(cls, row):
                raise TypeError(f"exempt: the contract has no row {row!r}")
            if not reason:
                raise TypeError(f"exempt: {row} needs a reason")
            setattr(cls, row, _skipped(reason))


def _skipped(reason: str) -> Callable[[object], None]:
    def row(self: object) -> None:
        raise SkipTest(f"exempt: {reason}")  # pytest knows unittest's.

    return row
