"""Encode user ids and other arguments as path segments (RFC 3986)."""

from __future__ import annotations

import re
from urllib.parse import quote

from ..errors import ArgumentError

__all__ = ["encode_path_segment", "path_segment"]

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_MAX_LENGTH = 256


def encode_path_segment(user_id: object) -> str:
    """Return a user id as exactly one path segment, so that it can't reach another path.

    Nothing is normalized: `unquote(segment) == user_id`.

    Raises:
        ArgumentError: it is missing, blank, "." or "..", longer than 256 characters, or contains
            control characters or lone surrogates.
    """
    if user_id is None:
        raise ArgumentError("You must specify a user ID")
    segment = path_segment(user_id)
    if segment is None:
        raise ArgumentError("The user ID is not valid")
    return segment


def path_segment(value: object) -> str | None:
    """Return a value as exactly one path segment, or None if it can't be one."""
    if (
        not isinstance(value, str)
        or not value.strip()
        or value in (".", "..")
        or len(value) > _MAX_LENGTH
        or _FORBIDDEN.search(value)
    ):
        return None
    return quote(value, safe="")
