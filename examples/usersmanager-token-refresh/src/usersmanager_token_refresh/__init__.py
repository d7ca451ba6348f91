"""A plugin of `usersmanager`: what is refused with 401 is asked for again, with a new token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from usersmanager import Request
from usersmanager.plugins import Flow, Middleware, Proceed, Token, hookimpl, run

__all__ = ["RefreshToken"]


class RefreshToken:
    """Refreshes an expired token, once a call. A second 401 is the caller's.

    Only for `get_info`: an impersonation's token is the program's own, not a user's.

    Args:
        blocking: given the refused token, whose repr shows nothing, returns a new one of
            the same user, or None if there is none. Called by blocking managers. What it
            raises reaches the caller.
        asynchronous: the same, awaited by asyncio managers.

    Example:
        `UsersManager(url, plugins=[RefreshToken(store.refresh, store.arefresh)])`
    """

    name = "token-refresh"

    def __init__(
        self,
        blocking: Callable[[Token], Token | None],
        asynchronous: Callable[[Token], Awaitable[Token | None]],
    ) -> None:
        self._blocking = blocking
        self._asynchronous = asynchronous

    @hookimpl
    def usersmanager_wrap_call(self) -> Middleware:
        """Around the call, so that the new token has retries of its own."""
        return self._around

    def _around(self, request: Request, proceed: Proceed) -> Flow:
        response = yield from proceed(request)
        if response.status != 401 or request.operation != "get_info":
            return response
        token = yield from run(
            lambda: self._blocking(request.token), lambda: self._asynchronous(request.token)
        )
        if token is None:
            return response
        return (yield from proceed(request.with_token(token)))
