"""Run every case of a contract within a time limit, and explain a failure."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any, ClassVar, TypeAlias
from unittest import SkipTest

from .watchdog import run_within

__all__ = ["CaseRunner", "anchor", "rule"]

Case: TypeAlias = Callable[[Any], None]


class CaseRunner:
    """Base class of contracts. It limits the time of each case, and explains failures.

    Attributes:
        time_limit: the seconds that a case may take.
    """

    time_limit: ClassVar[float] = 10.0

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Limit and explain the cases in this package, but not the tests that a user adds."""
        super().__init_subclass__(**keywords)
        if cls.__module__.startswith(f"{__package__}."):
            for name, case in list(vars(cls).items()):
                if name.startswith("test_") and isinstance(case, FunctionType):
                    setattr(cls, name, _limited(case))


def _limited(case: Case) -> Case:
    @functools.wraps(case)
    def limited(self: CaseRunner) -> None:
        try:
            run_within(self.time_limit, lambda: case(self))
        except SkipTest:
            raise
        except Exception as error:
            error.add_note(f"The rule: {rule(case.__name__)}.")
            error.add_note(f"Read on: docs/contracts.md#{anchor(case.__name__)}")
            raise

    return limited


def rule(name: str) -> str:
    """Return the name of a case as a sentence."""
    return name.removeprefix("test_").replace("_", " ")


def anchor(name: str) -> str:
    """Return the anchor of a case in docs/contracts.md."""
    return name.removeprefix("test_").replace("_", "-")
