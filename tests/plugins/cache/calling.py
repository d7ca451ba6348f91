"""A provider in memory, and calls of managers that share a cache."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.support import TENANT

from usersmanager import Request, Response, TransportError
from usersmanager.plugins import Flow, Proceed, hookimpl
from usersmanager_cache import Cache, CacheStats

__all__ = ["JSON", "Caller", "Provider", "Swaps"]

JSON = {"Content-Type": "application/json"}


class Provider:
    """A transport, sync and async, that answers each token with its own profile.

    Attributes:
        requests: those that were sent.
        outcome: what the next requests get, if not the profile: a response or an error.
    """

    strict = True

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.outcome: Response | TransportError | None = None

    def profile(self, request: Request) -> Response:
        body = {"sub": request.token.reveal(), "version": len(self.requests)}
        return Response(200, JSON, json.dumps(body).encode())

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        if isinstance(self.outcome, TransportError):
            raise self.outcome
        return self.outcome or self.profile(request)

    async def asend(self, request: Request) -> Response:
        return self.send(request)

    def close(self) -> None: ...

    async def aclose(self) -> None: ...


class Caller:
    """Calls `get_info` in one mode, each time with another manager that shares the cache.

    Attributes:
        provider: the transport of the managers.
        cache: the cache of the managers.
    """

    def __init__(self, mode: Any, provider: Provider, cache: Cache) -> None:
        self.mode = mode
        self.provider = provider
        self.cache = cache

    def __call__(
        self,
        token: str = "ada",
        *,
        base_url: str = TENANT,
        plugins: Any = None,
        expected_subject: str | None = None,
        **settings: Any,
    ) -> Any:
        """Return the profile."""
        chosen = [self.cache] if plugins is None else plugins
        options = {"expected_subject": expected_subject}
        settings = {"transport": self.provider, "plugins": chosen, "discover": False, **settings}
        return self.mode.calls([("get_info", (token,), options)], base_url=base_url, **settings)[0]

    def forget(self, token: Any) -> bool:
        if self.mode.name == "sync":
            return self.cache.forget(token)
        return asyncio.run(self.cache.aforget(token))

    @property
    def requests(self) -> int:
        """The number of requests so far."""
        return len(self.provider.requests)

    @property
    def stats(self) -> CacheStats:
        return self.cache.stats


class Swaps:
    """A plugin that replaces the token of calls."""

    def __init__(self, token: str) -> None:
        self._token = token

    @hookimpl
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        return proceed(request.with_token(self._token))
