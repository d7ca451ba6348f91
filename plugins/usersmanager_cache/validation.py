"""Check the arguments of `Cache`."""

from __future__ import annotations

import re
import sys

from usersmanager import ArgumentError

__all__ = ["check_namespace", "validate_lifetime"]

_NAMESPACE = re.compile(r"[\x21-\x7e]{1,100}")


def validate_lifetime(name: str, value: object, *, may_be_zero: bool) -> float:
    """Return a finite number of seconds.

    Raises:
        ArgumentError: it is anything else, negative, or 0 although it must not be.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        is_long_enough = value > 0 or (may_be_zero and value == 0)
        if is_long_enough and value <= sys.float_info.max:
            return float(value)
    minimum = "0 or more" if may_be_zero else "more than 0"
    raise ArgumentError(f"{name} must be a finite number of seconds, {minimum}, such as 60")


def check_namespace(value: object) -> None:
    """Check the namespace.

    Raises:
        ArgumentError: it is not a short text of printable ASCII.
    """
    if not isinstance(value, str) or not _NAMESPACE.fullmatch(value):
        raise ArgumentError(
            "namespace must be a str of 1 to 100 printable ASCII characters without spaces,"
            ' such as "my-service"'
        )
