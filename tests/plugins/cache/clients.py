"""Stores over each kind of client."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.plugins.cache.servers import Server
from tests.plugins.cache.support import Errors, Run, running, shared_entries

from usersmanager.plugins import Flow
from usersmanager.plugins import run as step
from usersmanager_cache.redis_clients import OwnClients
from usersmanager_cache.redis_store import RedisStore
from usersmanager_cache.shared import SharedEntries

__all__ = ["PATIENCE", "Library", "closing", "entries_over", "patient", "store_of"]

PATIENCE = 20.0
"""Seconds: on a busy machine, a working server may answer later than a store waits."""


class Library:
    """redis-py or valkey-py."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.module: Any = importlib.import_module(name)
        self.asyncio: Any = importlib.import_module(f"{name}.asyncio")
        self.client: Any = getattr(self.module, name.capitalize())
        self.async_client: Any = getattr(self.asyncio, name.capitalize())

    def retry(self, times: int) -> Any:
        """Return a policy of that many retries, without waits."""
        backoff = importlib.import_module(f"{self.name}.backoff")
        return importlib.import_module(f"{self.name}.retry").Retry(backoff.NoBackoff(), times)


def patient(store: RedisStore) -> RedisStore:
    """Let a store wait for longer than it allows, so that only a failure is one."""
    store._timeout = PATIENCE
    clients: Any = store._clients
    if isinstance(clients, OwnClients):
        clients._timeout = PATIENCE
    if clients.sync() is not None:
        settings = clients.sync().connection_pool.connection_kwargs
        for name in ("socket_timeout", "socket_connect_timeout"):
            if name in settings:
                settings[name] = PATIENCE
    return store


def store_of(url: str) -> RedisStore:
    """Return a patient store with clients of its own."""
    return patient(RedisStore.from_url(url))


@contextmanager
def entries_over(
    kind: str, style: str, server: Server, *, timeout: float | None = None, **options: Any
) -> Iterator[tuple[SharedEntries, Run]]:
    """Use a store on a server, with a kind of client and a style; close its connections.

    Without a timeout, it is patient.
    """
    with running(style) as run:
        store, client = _store(kind, style, server, timeout or 0.25, options)
        if timeout is None:
            patient(store)
        shared = shared_entries(store, on_error=Errors())
        try:
            yield shared, run
        finally:
            if client is None:
                run(closing(shared))
            else:
                run(_close_client(client))


def _store(
    kind: str, style: str, server: Server, timeout: float, options: dict[str, Any]
) -> tuple[RedisStore, Any]:
    if kind == "from_url":
        password = options.get("password")
        query = "" if password is None else f"?password={password}"
        return RedisStore.from_url(f"{server.url}{query}", timeout=timeout), None
    library = Library(kind)
    options = {"unix_socket_path": str(server.path), **options}
    if style == "async":
        client = library.async_client(**options)
        return RedisStore(async_client=client, timeout=timeout), client
    client = library.client(socket_timeout=timeout, retry=library.retry(0), **options)
    return RedisStore(client), client


def closing(shared: SharedEntries) -> Flow[None]:
    """Close the idle connections."""
    yield from step(sync=shared.close, async_=shared.aclose)


def _close_client(client: Any) -> Flow[None]:
    yield from step(sync=lambda: client.close(), async_=lambda: client.aclose())
