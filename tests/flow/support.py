"""A plugin for tests of flows."""

from __future__ import annotations

from typing import Any

from usersmanager.plugins import hookimpl


class Around:
    """A plugin with one middleware, per call or per attempt."""

    def __init__(self, middleware: Any, *, per_attempt: bool = False) -> None:
        self._per_call, self._per_attempt = (
            (None, middleware) if per_attempt else (middleware, None)
        )

    @hookimpl
    def usersmanager_wrap_call(self) -> Any:
        return self._per_call

    @hookimpl
    def usersmanager_wrap_attempt(self) -> Any:
        return self._per_attempt
