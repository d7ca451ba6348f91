"""Set header fields on every attempt: fixed ones, or computed ones."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping

from usersmanager import Request, __version__
from usersmanager.plugins import Flow, Middleware, Proceed, StaticHeaders, hookimpl

__all__ = ["Headers"]

_USER_AGENT = StaticHeaders(
    {"User-Agent": f"usersmanager/{__version__} python/{platform.python_version()}"}
)

Fields = Mapping[str, str]


class Headers:
    """Set header fields on every attempt, and `User-Agent` unless the request has one.

    Args:
        fields: a mapping of names and values, or a function that takes the request of an attempt
            and returns one. They replace fields of the same name.

    Raises:
        PluginError: at the call, if a field is malformed or one that only the client may set.

    Example:
        ```python
        Headers({"X-Service": "billing"})
        Headers(lambda request: {"X-Attempt": str(request.attempt)})
        ```
    """

    def __init__(self, fields: Fields | Callable[[Request], Fields] | None = None) -> None:
        self._fields = fields if callable(fields) else StaticHeaders(fields) if fields else None

    @hookimpl
    def usersmanager_wrap_attempt(self) -> Middleware:
        """Return middleware for each attempt, so that a function can distinguish them."""
        return self._set_headers

    def _set_headers(self, request: Request, proceed: Proceed) -> Flow:
        if "User-Agent" not in request.headers:
            request = request.with_headers(_USER_AGENT)
        if self._fields is None:
            return proceed(request)
        # No local variable for the fields: a value may be a secret, and tracebacks show variables.
        return proceed(
            request.with_headers(self._fields(request) if callable(self._fields) else self._fields)
        )
