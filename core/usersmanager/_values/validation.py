"""Validation of arguments."""

from __future__ import annotations

import sys

from ..errors import ArgumentError

__all__ = ["validate_count", "validate_seconds", "validate_text"]


def validate_seconds(name: str, value: object, *, may_be_zero: bool = False) -> float:
    """Return a finite number of seconds.

    Args:
        name: the name of the argument, for the message.
        value: the value of the argument.
        may_be_zero: whether 0 is allowed.

    Raises:
        ArgumentError: it is anything else, negative, or 0 although it must not be.

    Example::

        self._connect_timeout = validate_seconds("connect_timeout", connect_timeout)
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        is_long_enough = value > 0 or (may_be_zero and value == 0)
        if is_long_enough and value <= sys.float_info.max:  # Unlike math.isfinite: any int.
            return float(value)
    minimum = "0 or more" if may_be_zero else "more than 0"
    raise ArgumentError(f"{name} must be a finite number of seconds, {minimum}")


def validate_count(name: str, value: object) -> int:
    """Return a whole number, 1 or more.

    Args:
        name: the name of the argument, for the message.
        value: the value of the argument.

    Raises:
        ArgumentError: it is anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ArgumentError(f"{name} must be a whole number, 1 or more")
    return value


def validate_text(name: str, value: object) -> None:
    """Check that an optional argument is None or a non-empty string.

    Raises:
        ArgumentError: it is anything else.
    """
    if value is not None and not (isinstance(value, str) and value.strip()):
        raise ArgumentError(f"{name} must be a non-empty string")
