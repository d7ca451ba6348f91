"""Encode user ids as path segments (RFC 3986)."""

from __future__ import annotations

import re
from urllib.parse import quote

from ..errors import ArgumentError

__all__ = ["encode_path_segment"]

_FORBIDDEN_IN_USER_ID = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_MAX_USER_ID_LENGTH = 256


def encode_path_segment(user_id: object) -> str:
    """Return a user id as exactly one path segment, so that it can't reach another path.

    Nothing is normalized: `unquote(segment) == user_id`.

    Raises:
        ArgumentError: it is missing, blank, "." or "..", longer than 256 characters, or contains
            control characters or lone surrogates.
    """
    if user_id is None:
        raise ArgumentError("You must specify a user ID")
    if (
        not isinstance(user_id, str)
        or not user_id.strip()
        or user_id in (".", "..")
        or len(user_id) > _MAX_USER_ID_LENGTH
        or _FORBIDDEN_IN_USER_ID.search(user_id)
    ):
        raise ArgumentError("The user ID is not valid")
    return quote(user_id, safe="")
