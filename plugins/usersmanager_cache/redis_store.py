"""RedisStore: entries in Redis or Valkey, over clients of redis-py or valkey-py."""

from __future__ import annotations

from typing import Any

from usersmanager import ArgumentError
from usersmanager.plugins import Secret, validate_seconds

from .redis_clients import Clients, GivenClients, OwnClients
from .stores import missing_style_error

__all__ = ["RedisStore"]

# More than any value of ours has. What is read is limited, as somebody else may have written it.
_MAX_LENGTH = 100_000


class RedisStore:
    """Keep entries in Redis or Valkey.

    It is a `Store` if it has a sync client, and an `AsyncStore` if it has an asyncio client. Use
    one server: clients of a cluster and of Sentinel are not supported. The clients remain the
    caller's: they are never closed.

    Args:
        client: a ``redis.Redis`` or ``valkey.Valkey``. A sync call can't be cut short, so the
            client must have a ``socket_timeout`` of at most a second, and retry at most once. Set
            its ``socket_connect_timeout``, too. It must not have ``decode_responses``.
        async_client: a ``redis.asyncio.Redis`` or ``valkey.asyncio.Valkey``, without
            ``decode_responses``. It belongs to the event loop that uses it first; in another one,
            the store fails.
        timeout: the seconds after which an asyncio call is cut short; more than 0.

    Raises:
        ArgumentError: an argument is invalid, or there is no client.

    Example::

        client = redis.Redis(
            socket_timeout=0.25, socket_connect_timeout=0.25, retry=Retry(NoBackoff(), 0)
        )
        Cache(store=RedisStore(client), secret=secret)
    """

    def __init__(
        self, client: Any = None, *, async_client: Any = None, timeout: float = 0.25
    ) -> None:
        sealed, sealed_async = Secret(client), Secret(async_client)
        del client, async_client  # Their repr may show a password, and a traceback local variables.
        self._timeout = validate_seconds("timeout", timeout)
        self._clients: Clients = GivenClients(sealed, sealed_async)

    @classmethod
    def from_url(cls, url: str, *, timeout: float = 0.25) -> RedisStore:
        """Return a store with clients of redis-py for both styles.

        It has one asyncio client per event loop. Its idle connections are closed whenever a
        manager that uses it is closed, and opened again when needed.

        Args:
            url: as in ``redis://:password@127.0.0.1:6379/0``; ``rediss://`` for TLS, which verifies
                the server's certificate and host name, and ``unix://`` for a socket.
            timeout: the seconds after which a call is cut short; more than 0, at most 1.

        Raises:
            ArgumentError: an argument is invalid.
            MissingExtraError: redis-py is not installed (extra ``redis``).

        Example::

            Cache(store=RedisStore.from_url("redis://127.0.0.1:6379/0"), secret=secret)
        """
        sealed = Secret(url)
        del url  # It may contain a password, and a traceback shows local variables.
        if validate_seconds("timeout", timeout) > 1:
            raise ArgumentError("timeout must be at most 1 second")
        store = cls.__new__(cls)
        store._timeout = timeout
        store._clients = OwnClients(sealed, timeout)
        return store

    def get(self, name: str) -> bytes | None:
        """Return a value, or None if the name has none. One that is too long is cut."""
        value: bytes = self._call("getrange", name, 0, _MAX_LENGTH)
        return value or None

    def set(self, name: str, value: bytes, ttl: float) -> None:
        """Set a value; see `Store.set`."""
        self._call("set", name, value, px=_milliseconds(ttl))

    def add(self, name: str, value: bytes, ttl: float) -> bool:
        """Return whether a value was set, because the name had none; see `Store.set`."""
        return bool(self._call("set", name, value, px=_milliseconds(ttl), nx=True))

    def delete(self, name: str) -> None:
        """Delete a value, if the name has one."""
        self._call("delete", name)

    async def aget(self, name: str) -> bytes | None:
        """Return a value, or None if the name has none. One that is too long is cut."""
        value: bytes = await self._acall("getrange", name, 0, _MAX_LENGTH)
        return value or None

    async def aset(self, name: str, value: bytes, ttl: float) -> None:
        """Set a value; see `Store.set`."""
        await self._acall("set", name, value, px=_milliseconds(ttl))

    async def aadd(self, name: str, value: bytes, ttl: float) -> bool:
        """Return whether a value was set, because the name had none; see `Store.set`."""
        return bool(await self._acall("set", name, value, px=_milliseconds(ttl), nx=True))

    async def adelete(self, name: str) -> None:
        """Delete a value, if the name has one."""
        await self._acall("delete", name)

    def close_idle(self) -> None:
        """Close the idle sync connections of a store made by `from_url`."""
        self._clients.close_idle()

    async def aclose_idle(self) -> None:
        """Close the idle connections of the running event loop, of a store made by `from_url`."""
        await self._clients.aclose_idle()

    def _call(self, command: str, *arguments: object, **options: object) -> Any:
        client = Secret(self._clients.sync())
        if client.reveal() is None:
            raise missing_style_error(is_async=False)
        return getattr(client.reveal(), command)(*arguments, **options)

    async def _acall(self, command: str, *arguments: object, **options: object) -> Any:
        import asyncio  # Slow to import, and a sync program may not need it.

        client = Secret(self._clients.asyncio())
        if client.reveal() is None:
            raise missing_style_error(is_async=True)
        async with asyncio.timeout(self._timeout):
            return await getattr(client.reveal(), command)(*arguments, **options)


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
