"""The protocols of a store that processes share, and the checks of a store that is passed in."""

from __future__ import annotations

import inspect
from typing import Any, Protocol

from usersmanager import ArgumentError, PluginError
from usersmanager.plugins import Secret

__all__ = ["AsyncStore", "Store", "WrongLoopError", "check_store", "missing_style_error"]

_SYNC = ("get", "set", "delete")
_ASYNC = ("aget", "aset", "adelete")


class Store(Protocol):
    """Bytes by name, for a `UsersManager`.

    A store sees neither tokens nor profiles: the names are derived from the tokens, and the values
    are encrypted. Any exception is a failure of the store; the cache handles it. A method should
    take at most a second.

    If a store also has ``add(name: str, value: bytes, ttl: float) -> bool``, which sets a value
    only if the name has none, and returns whether it did, only one of all processes that miss a
    profile requests it. A store may be an `AsyncStore` as well.

    Example::

        class Memcached:
            def __init__(self, client):  # A pymemcache.Client with a timeout.
                self.client = client

            def get(self, name):
                return self.client.get(name)

            def set(self, name, value, ttl):
                self.client.set(name, value, expire=math.ceil(ttl), noreply=False)

            def delete(self, name):
                self.client.delete(name, noreply=False)
    """

    def get(self, name: str) -> bytes | None:
        """Return a value, or None if the name has none.

        Args:
            name: printable, and unique in the namespace of the cache, with which it starts.
        """

    def set(self, name: str, value: bytes, ttl: float) -> object:
        """Set a value; what it returns is ignored.

        Args:
            name: as for ``get``.
            value: at most 100 kB.
            ttl: the seconds, more than 0, after which the store must drop the value.
        """

    def delete(self, name: str) -> object:
        """Delete a value, if the name has one; the result is ignored. See `Store.get`."""


class AsyncStore(Protocol):
    """Bytes by name, for an `AsyncUsersManager`: a `Store` with an ``a`` in front of each method.

    ``aadd`` is optional, as ``add`` is. A method is not cut short: limit its time, as in the
    example. It may be called in several event loops if several use the cache.

    Example::

        class AsyncMemcached:
            def __init__(self, client):  # An aiomcache.Client.
                self.client = client

            async def aget(self, name):
                async with asyncio.timeout(0.25):
                    return await self.client.get(name.encode())

            async def aset(self, name, value, ttl):
                async with asyncio.timeout(0.25):
                    await self.client.set(name.encode(), value, exptime=math.ceil(ttl))

            async def adelete(self, name):
                async with asyncio.timeout(0.25):
                    await self.client.delete(name.encode())
    """

    async def aget(self, name: str) -> bytes | None:
        """Return a value, or None if the name has none."""

    async def aset(self, name: str, value: bytes, ttl: float) -> object:
        """Set a value; see `Store.set`."""

    async def adelete(self, name: str) -> object:
        """Delete a value, if the name has one; the result is ignored. See `Store.get`."""


class WrongLoopError(Exception):
    """The client of a store belongs to another event loop. The text contains no secret."""


def check_store(store: Secret[Any]) -> None:
    """Check that a sealed object is a store of at least one style.

    Raises:
        ArgumentError: it is not.
    """
    problem = _explain(store.reveal())
    if problem is not None:
        raise ArgumentError(f"store {problem}")


def _explain(store: object) -> str | None:
    """Return why an object is not a store, or None if it is one."""
    if inspect.isclass(store):
        return f"is a class: pass an instance, {store.__name__}(...)"
    if type(store).__module__.partition(".")[0] in {"redis", "valkey"}:
        return "is a client: write RedisStore(client) or RedisStore(async_client=client)"
    methods = [*_SYNC] * hasattr(store, "get") + [*_ASYNC] * hasattr(store, "aget")
    if not methods:
        return "has no method get or aget: implement the protocol Store or AsyncStore"
    for name in methods:
        if not callable(getattr(store, name, None)):
            return f"has no method {name}: implement all of {', '.join(methods)}"
    for name in (*_SYNC, "add"):
        if inspect.iscoroutinefunction(getattr(store, name, None)):
            return f"has an async method {name}: rename it to a{name}"
    return None


def missing_style_error(*, is_async: bool) -> PluginError:
    """Return the error for a store that lacks the style in which it is used."""
    if is_async:
        style, methods, client = "async", _ASYNC, "an async_client"
    else:
        style, methods, client = "sync", _SYNC, "a client"
    return PluginError(
        f"the store of the cache can't be used in {style} code: it needs the methods"
        f" {', '.join(methods)}, and a RedisStore needs {client}"
    )
