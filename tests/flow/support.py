"""A plugin for tests of flows."""

from __future__ import annotations

from typing import Any

from usersmanager.plugins import hookimpl


class Around:
    """A plugin with one wrap, of the call or of the attempt."""

    def __init__(self, wrap: Any, *, per_attempt: bool = False) -> None:
        self._wrap = wrap
        self._per_attempt = per_attempt

    @hookimpl
    def usersmanager_wrap_call(self, request: Any, proceed: Any) -> Any:
        return proceed(request) if self._per_attempt else self._wrap(request, proceed)

    @hookimpl
    def usersmanager_wrap_attempt(self, request: Any, proceed: Any) -> Any:
        return self._wrap(request, proceed) if self._per_attempt else proceed(request)
