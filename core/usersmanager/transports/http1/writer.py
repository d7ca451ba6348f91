"""A request as the bytes of HTTP/1.1, for transports that need no HTTP library to write with."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["serialize_request"]


def serialize_request(
    method: str, target: str, fields: Mapping[str, str] | str, body: bytes | None
) -> bytes:
    """The whole message (RFC 9112, sections 2 and 3). It holds the token: keep no copy.

    Args:
        method: of the request.
        target: the path; or the whole URL, for a proxy.
        fields: what `Request.serialized_headers()` gave, or `Request.headers_to_send()`. They have been
            checked there.
        body: of the request.

    Example:
        `serialize_request(request.method, request.target, request.serialized_headers(), request.body)`
    """
    if not isinstance(fields, str):
        fields = "".join([f"{name}: {value}\r\n" for name, value in fields.items()])
    return f"{method} {target} HTTP/1.1\r\n{fields}\r\n".encode("ascii") + (body or b"")
