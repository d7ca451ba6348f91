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
from usersmanager_cache.redis_store import RedisStore
from usersmanager_cache.shared import SharedEntries

__all__ = ["Library", "closing", "entries_over"]


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


@contextmanager
def entries_over(
    kind: str, style: str, server: Server, *, timeout: float = 0.25, **options: Any
) -> Iterator[tuple[SharedEntries, Run]]:
    """Use a store on a server, with a kind of client and a style; close its connections."""
    with running(style) as run:
        store, client = _store(kind, style, server, timeout, options)
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
