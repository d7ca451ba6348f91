"""The header fields of an operation, before plugins change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._values.headers import Headers, merge_headers
from .._values.token import Secret
from ..errors import ArgumentError
from .specs import RequestSpec

__all__ = ["request_headers"]


def request_headers(spec: RequestSpec[Any], custom: Secret[Mapping[str, str] | None]) -> Headers:
    """Return the headers of an operation, overridden by the constructor's headers.

    Raises:
        ArgumentError: the constructor's headers are invalid.
    """
    defaults = [("Accept", spec.accept)]
    if spec.content_type:
        defaults.append(("Content-Type", spec.content_type))
    if not isinstance(custom.reveal() or {}, Mapping):
        raise ArgumentError("headers must be a mapping of names and values")
    headers = merge_headers(Headers(defaults), custom.reveal() or {})
    if isinstance(headers, str):
        raise ArgumentError(f"headers: {headers}")
    return headers
