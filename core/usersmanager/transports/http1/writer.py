"""Serialize a request as HTTP/1.1."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["serialize_request"]


def serialize_request(
    method: str, target: str, headers: Mapping[str, str] | str, body: bytes | None
) -> bytes:
    """Return the message (RFC 9112, section 2.1). It includes the token: keep no copy.

    Args:
        method: of the request.
        target: in origin form; or in absolute form, for a proxy.
        headers: from `Request.serialized_headers()` or `Request.headers_to_send()`.
        body: of the request.

    Example:
        ```python
        headers = request.serialized_headers()
        serialize_request(request.method, request.target, headers, request.body)
        ```
    """
    if not isinstance(headers, str):
        headers = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    return f"{method} {target} HTTP/1.1\r\n{headers}\r\n".encode("ascii") + (body or b"")
