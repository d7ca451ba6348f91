"""The profile that is asked for, in any size, and the response that carries it."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

__all__ = ["SUBJECT", "TOKEN", "profile", "response"]

SUBJECT = "auth0|5f7c8ec7c33c6c004bbafe82"
# As long as a signed JWT of a small payload, and only characters of one.
TOKEN = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9." + "Abc123-_" * 80

_CLAIMS: dict[str, Any] = {
    "sub": SUBJECT,
    "nickname": "john.doe",
    "name": "John Doe",
    "given_name": "John",
    "family_name": "Doe",
    "picture": "https://s.gravatar.com/avatar/0123456789abcdef0123456789abcdef?s=480&d=mm",
    "email": "john.doe@example.com",
    "email_verified": True,
    "locale": "en-GB",
    "updated_at": "2025-03-14T09:26:53.589Z",
    "https://example.com/roles": ["admin", "editor", "auditor"],
}
_HEAD = (
    "HTTP/1.1 200 OK\r\n"
    "Date: Fri, 14 Mar 2025 09:26:53 GMT\r\n"
    "Content-Type: application/json; charset=utf-8\r\n"
    "Content-Length: {length}\r\n"
    "Connection: keep-alive\r\n"
    "X-RateLimit-Limit: 1000\r\n"
    "X-RateLimit-Remaining: 999\r\n"
    "X-RateLimit-Reset: 1741944414\r\n"
    "Cache-Control: no-store\r\n"
    "Vary: Origin\r\n"
    "\r\n"
)


def profile(size: int) -> bytes:
    """A profile of exactly so many bytes: larger ones have more groups, as with real users."""
    claims = dict(_CLAIMS, groups=[])
    entry = {"id": "grp_000000", "name": "Group number 000000", "roles": ["reader", "writer"]}
    room = size - len(_encoded(dict(claims, padding="")))
    count = max(0, room // (len(_encoded(entry)) + 1))
    claims["groups"] = [
        {**entry, "id": f"grp_{n:06}", "name": f"Group number {n:06}"} for n in range(count)
    ]
    missing = size - len(_encoded(dict(claims, padding="")))
    if missing < 0:
        raise ValueError(f"a profile has at least {size - missing} bytes")
    return _encoded(dict(claims, padding="x" * missing))


@lru_cache(maxsize=16)
def response(size: int) -> bytes:
    """The whole HTTP response with such a profile, as Auth0 sends one."""
    body = profile(size)
    return _HEAD.format(length=len(body)).encode() + body


def _encoded(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
