"""Read the Content-Type of a response (RFC 9110, section 8.3)."""

from __future__ import annotations

import re
from functools import lru_cache

from .._values.headers import Headers

__all__ = ["is_json", "media_types"]

_JSON_TYPE = re.compile(r"application/(?:json|[a-z0-9!#$&^_.+\-]+\+json)")


def is_json(headers: Headers) -> bool:
    """Return whether the media type is JSON, or has the suffix +json (RFC 6839)."""
    values = headers.getall("Content-Type", ())
    return bool(values) and all(map(_is_json, values))


def media_types(headers: Headers) -> set[str]:
    """Return the media types in lower case; a server should send one."""
    return set(map(_media_type, headers.getall("Content-Type", ())))


@lru_cache(maxsize=16)  # A server sends the same few values in every response.
def _is_json(content_type: str) -> bool:
    return _JSON_TYPE.fullmatch(_media_type(content_type)) is not None


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()
