"""The headers plugin of `usersmanager`: fixed header fields, or fields computed per attempt."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping

from usersmanager import Request, __version__
from usersmanager.plugins import Flow, Middleware, Proceed, StaticHeaders, hookimpl

__all__ = ["Headers"]

_USER_AGENT = f"usersmanager/{__version__} python/{platform.python_version()}"

Fields = Mapping[str, str]


class Headers:
    """Sets header fields on every attempt; `User-Agent` by default.

    Args:
        fields: a mapping of names and values, or a callable that is given the request of
            each attempt and returns one. A field the request has already is replaced.

    Raises:
        PluginError: at the call, if a field is malformed or is the client's own to set.

    Example:
        ```python
        Headers({"X-Service": "billing"})
        Headers(lambda request: {"X-Attempt": str(request.attempt)})
        ```
    """

    def __init__(self, fields: Fields | Callable[[Request], Fields] | None = None) -> None:
        self._agent = StaticHeaders({"User-Agent": _USER_AGENT})
        self._fields = fields if callable(fields) else StaticHeaders(fields) if fields else None

    @hookimpl
    def usersmanager_wrap_attempt(self) -> Middleware:
        """Acts per attempt, so that a callable can tell them apart."""
        return self._around

    def _around(self, request: Request, proceed: Proceed) -> Flow:
        if "User-Agent" not in request.headers:
            request = request.with_headers(self._agent)
        if self._fields is None:
            return proceed(request)
        # No variable for the fields: a value may be a secret, and tracebacks show variables.
        return proceed(
            request.with_headers(self._fields(request) if callable(self._fields) else self._fields)
        )
