"""Check the namespace of `Cache`."""

from __future__ import annotations

import re

from usersmanager import ArgumentError

__all__ = ["check_namespace"]

_NAMESPACE = re.compile(r"[\x21-\x7e]{1,100}")


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
