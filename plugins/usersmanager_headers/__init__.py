"""Set fixed or computed header fields on every attempt."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Mapping

from usersmanager import Request, __version__
from usersmanager.plugins import StaticHeaders, hookimpl

__all__ = ["Headers"]

_USER_AGENT = StaticHeaders(
    {"User-Agent": f"usersmanager/{__version__} python/{platform.python_version()}"}
)

Fields = Mapping[str, str]


class Headers:
    """Set header fields on every attempt, and ``User-Agent`` unless the request has one.

    Managers that share a cache share profiles only if their fixed fields are equal. The cache does
    not see what a function returns: see ``usersmanager_variant`` if a response depends on it.

    Args:
        fields: a mapping of names to values, or a function that takes the request of an attempt
            and returns such a mapping. The fields replace fields with the same name.

    Raises:
        ArgumentError: a field is malformed, given twice, or reserved for the client. If a function
            returned the field, the call raises it.

    Example::

        Headers({"X-Service": "billing"})
        Headers(lambda request: {"X-Attempt": str(request.attempt)})
    """

    name = "headers"

    def __init__(self, fields: Fields | Callable[[Request], Fields] | None = None) -> None:
        try:
            self._fields = fields if callable(fields) else StaticHeaders(fields) if fields else None
            self._variant = _hash(fields) if fields and not callable(fields) else None
        finally:
            del fields  # A value may be a secret, and a traceback shows local variables.

    @hookimpl
    def usersmanager_variant(self, request: Request) -> str | None:
        """Return a hash of the fixed fields, since a cache doesn't see them."""
        return self._variant

    @hookimpl
    def usersmanager_request(self, request: Request) -> Request:
        """Set the fields on the request of an attempt."""
        if "User-Agent" not in request.headers:
            request = request.with_headers(_USER_AGENT)
        if self._fields is None:
            return request
        # No local variable for the fields: a value may be a secret, and tracebacks show variables.
        return request.with_headers(
            self._fields(request) if callable(self._fields) else self._fields
        )


def _hash(fields: Fields) -> str | None:
    """Return a hash of the fields but User-Agent, on which no response should depend."""
    pairs = sorted((name.lower(), value) for name, value in dict(fields).items())
    pairs = [pair for pair in pairs if pair[0] != "user-agent"]
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest() if pairs else None
