"""Exemptions from a contract: test cases that are skipped for a stated reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from unittest import SkipTest

__all__ = ["Exemptions"]


class Exemptions:
    """Base class of the contracts.

    Attributes:
        exempt: names of test cases to skip, and the reason for each.
    """

    exempt: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Skip the exempt test cases.

        Raises:
            TypeError: a name is not a test case, or its reason is empty.
        """
        super().__init_subclass__(**keywords)
        for name, reason in cls.exempt.items():
            if not name.startswith("test_") or not hasattr(cls, name):
                raise TypeError(f"exempt: the contract has no test case {name!r}")
            if not reason:
                raise TypeError(f"exempt: {name} needs a reason")
            setattr(cls, name, _skipped(reason))


def _skipped(reason: str) -> Callable[[object], None]:
    def test_case(self: object) -> None:
        raise SkipTest(f"exempt: {reason}")  # pytest handles unittest's exception.

    return test_case
