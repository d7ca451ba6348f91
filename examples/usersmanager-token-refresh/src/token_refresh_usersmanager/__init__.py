"""A plugin for `usersmanager`: send a request that is rejected with 401 again with a new token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from usersmanager import Request
from usersmanager.plugins import Flow, Middleware, Proceed, Token, hookimpl, run

__all__ = ["RefreshToken"]


class RefreshToken:
    """Refresh an expired token once per call. A second 401 reaches the caller.

    It applies to `get_info` alone: the token of `impersonate` belongs to the program.

    Args:
        refresh: returns a new token for the same user in place of the rejected one, or None
            if there is none. Sync managers call it; its errors reach the caller.
        arefresh: the async function that async managers await instead.

    Example:
        `UsersManager(url, plugins=[RefreshToken(store.refresh, store.arefresh)])`
    """

    name = "token-refresh"

    def __init__(
        self,
        refresh: Callable[[Token], Token | None],
        arefresh: Callable[[Token], Awaitable[Token | None]],
    ) -> None:
        self._refresh = refresh
        self._arefresh = arefresh

    @hookimpl
    def usersmanager_wrap_call(self) -> Middleware:
        """Return middleware for the call, so that requests with the new token are retried too."""
        return self._refresh_and_repeat

    def _refresh_and_repeat(self, request: Request, proceed: Proceed) -> Flow:
        response = yield from proceed(request)
        if response.status != 401 or request.operation != "get_info":
            return response
        token = yield from run(
            lambda: self._refresh(request.token), lambda: self._arefresh(request.token)
        )
        if token is None:
            return response
        return (yield from proceed(request.with_token(token)))
