"""Validation of arguments."""

from __future__ import annotations

import sys

from ..errors import ArgumentError

__all__ = ["validate_count", "validate_seconds", "validate_text"]


def validate_seconds(name: str, value: object) -> float:
    """Return a positive, finite number of seconds.

    Args:
        name: the name of the argument, for the message.
        value: the value of the argument.

    Raises:
        ArgumentError: it is anything else.

    Example::

        self._connect_timeout = validate_seconds("connect_timeout", connect_timeout)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ArgumentError(f"{name} must be a number of seconds")
    if not 0 < value <= sys.float_info.max:  # Unlike math.isfinite, this takes any int.
        raise ArgumentError(f"{name} must be positive and finite: a call never hangs")
    return float(value)


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
