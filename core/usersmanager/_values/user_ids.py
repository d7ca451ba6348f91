"""Check user ids, and encode them and other arguments as path segments (RFC 3986)."""

from __future__ import annotations

import re
from urllib.parse import quote

from ..errors import ArgumentError

__all__ = ["check_user_id", "encode_path_segment"]

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_MAX_LENGTH = 256


def check_user_id(user_id: object) -> None:
    """Check that a user id can be a path segment. The messages are those of node-auth0.

    Raises:
        ArgumentError: it is missing, or `encode_path_segment` refuses it.
    """
    if user_id is None:
        raise ArgumentError("You must specify a user ID")
    if encode_path_segment(user_id) is None:
        raise ArgumentError("The user ID is not valid")


def encode_path_segment(value: object) -> str | None:
    """Return a value as exactly one path segment, so that it can't reach another path.

    Nothing is normalized: ``unquote(segment) == value``. None if the value is not a str, blank, "."
    or "..", longer than 256 characters, or contains control characters or lone surrogates.
    """
    if (
        not isinstance(value, str)
        or not value.strip()
        or value in (".", "..")
        or len(value) > _MAX_LENGTH
        or _FORBIDDEN.search(value)
    ):
        return None
    return quote(value, safe="")
