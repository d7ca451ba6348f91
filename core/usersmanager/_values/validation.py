"""Numbers that bound something, checked where they are given: an unbounded call may hang."""

from __future__ import annotations

import math

from ..errors import ArgumentError

__all__ = ["validate_count", "validate_seconds"]


def validate_seconds(name: str, value: object) -> float:
    """A number of seconds above 0, and finite.

    Args:
        name: of the argument, for the message.
        value: what was given for it.

    Raises:
        ArgumentError: it is anything else.

    Example:
        `self._connect_timeout = validate_seconds("connect_timeout", connect_timeout)`
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ArgumentError(f"{name} must be a number of seconds")
    if not math.isfinite(value) or value <= 0:
        raise ArgumentError(f"{name} must be positive and finite: a call never hangs")
    return float(value)


def validate_count(name: str, value: object) -> int:
    """A whole number, 1 or more.

    Args:
        name: of the argument, for the message.
        value: what was given for it.

    Raises:
        ArgumentError: it is anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ArgumentError(f"{name} must be a whole number, 1 or more")
    return value
