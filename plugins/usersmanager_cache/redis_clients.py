"""The clients of a RedisStore: the caller's, or its own, made from a URL."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any, Protocol
from weakref import ref

from usersmanager import ArgumentError, LifecycleError
from usersmanager.plugins import MissingExtraError, Secret

from .client_checks import explain_async_client, explain_client, explain_options
from .stores import WrongLoopError

__all__ = ["Clients", "GivenClients", "OwnClients"]

# The pool of redis-py does not wait for a connection, it fails. More threads than this don't run.
_MAX_CONNECTIONS = 10_000

_WRONG_LOOP = (
    "its asyncio client belongs to another event loop; use RedisStore.from_url, which has a client"
    " per event loop, or one cache per event loop"
)


class Clients(Protocol):
    """A sync client and an asyncio client, or one of them."""

    def sync(self) -> Any:
        """Return the sync client, or None."""

    def asyncio(self) -> Any:
        """Return the asyncio client for the running event loop, or None.

        Raises:
            WrongLoopError: the client belongs to another event loop.
        """

    def close_idle(self) -> None:
        """Close the idle connections of the sync client, unless it is the caller's."""

    async def aclose_idle(self) -> None:
        """Close the idle connections of the asyncio client, unless it is the caller's."""


class GivenClients:
    """The caller's clients. They are never closed.

    Args:
        client: a sync client, or None; sealed, because its repr may show a password.
        async_client: an asyncio client, or None.

    Raises:
        ArgumentError: a client is invalid, or both are None.
    """

    def __init__(self, client: Secret[Any], async_client: Secret[Any]) -> None:
        if client.reveal() is None and async_client.reveal() is None:
            raise ArgumentError("client is missing: pass client or async_client, or use from_url")
        problem = explain_client(client.reveal()) or explain_async_client(async_client.reveal())
        if problem is not None:
            raise ArgumentError(problem)
        self._client = client
        self._async_client = async_client
        # The event loop and process that have used the client first, under the only key "owner":
        # `setdefault` is atomic.
        self._owner: dict[str, tuple[ref[Any], int]] = {}

    def sync(self) -> Any:
        """Return the sync client, or None."""
        return self._client.reveal()

    def asyncio(self) -> Any:
        """Return the asyncio client, or None.

        Raises:
            WrongLoopError: another event loop has used it before.
        """
        if self._async_client.reveal() is None:
            return None
        from asyncio import get_running_loop

        loop = get_running_loop()
        owner, process = self._owner.setdefault("owner", (ref(loop), os.getpid()))
        if owner() is not loop or process != os.getpid():
            raise WrongLoopError(_WRONG_LOOP)
        return self._async_client.reveal()

    def close_idle(self) -> None:
        """Do nothing: the caller closes its client."""

    async def aclose_idle(self) -> None:
        """Do nothing: the caller closes its client."""


class OwnClients:
    """A sync client, and an asyncio client per event loop, for a URL.

    Args:
        url: sealed, because it may contain a password.
        timeout: of each socket operation, in seconds.

    Raises:
        ArgumentError: the URL is invalid.
        MissingExtraError: redis-py is not installed (extra ``redis``).
    """

    def __init__(self, url: Secret[str], timeout: float) -> None:
        self._url = url
        self._timeout = timeout
        from usersmanager.transports import LoopLocal  # It imports asyncio, which is slow.

        self._client = self._make()
        self._async_clients = LoopLocal(self._make_async, lambda client: client.aclose())

    def sync(self) -> Any:
        """Return the sync client."""
        return self._client.reveal()

    def asyncio(self) -> Any:
        """Return the asyncio client of the running event loop.

        Raises:
            WrongLoopError: the event loop was copied by a fork.
        """
        try:
            return self._async_clients.get()
        except LifecycleError:
            pass
        raise WrongLoopError(_WRONG_LOOP)

    def close_idle(self) -> None:
        """Close the idle connections of the sync client."""
        self.sync().connection_pool.disconnect(inuse_connections=False)

    async def aclose_idle(self) -> None:
        """Close the idle connections of the asyncio client of the running event loop."""
        await self.asyncio().connection_pool.disconnect(inuse_connections=False)

    def _make(self) -> Secret[Any]:
        if find_spec("redis") is None:
            raise MissingExtraError(
                "from_url needs redis-py: python -m pip install 'usersmanager[redis]'",
                name="redis",
            )
        import redis

        try:
            client = Secret(redis.Redis.from_url(self._url.reveal(), **self._options(redis.retry)))
            problem = explain_options(client.reveal())
        except Exception:  # Its text may quote the URL.
            problem = "is invalid: pass one like redis://127.0.0.1:6379/0"
        if problem is not None:
            raise ArgumentError(f"url {problem}")
        return client

    def _make_async(self) -> Any:
        from redis import asyncio

        return asyncio.Redis.from_url(self._url.reveal(), **self._options(asyncio.retry))

    def _options(self, retry: Any) -> dict[str, Any]:
        from redis.backoff import NoBackoff

        options = {
            "socket_timeout": self._timeout,
            "socket_connect_timeout": self._timeout,
            "retry": retry.Retry(NoBackoff(), 0),
            "max_connections": _MAX_CONNECTIONS,
        }
        if self._url.reveal().startswith("rediss:"):
            options["ssl_check_hostname"] = True  # redis-py 5 does not do so by default.
        return options
