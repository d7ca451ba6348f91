"""The clients: context managers that take a base URL and give a function that fetches once."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, TypeAlias

from ..profiles import TOKEN

Fetch: TypeAlias = Callable[[], Any]
AsyncFetch: TypeAlias = Callable[[], Awaitable[Any]]
Open: TypeAlias = Callable[[str], AbstractContextManager[Fetch]]
AsyncOpen: TypeAlias = Callable[[str], AbstractAsyncContextManager[AsyncFetch]]

HEADERS = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"}
CONNECTIONS, TIMEOUT = 100, 60.0
SYNC_BASE, ASYNC_BASE = "urllib3", "aiohttp"


def sync_clients() -> dict[str, Open]:
    """Return the sync clients by name. An outside library is imported when it is opened."""
    from . import bare, httpx, requests, usersmanager

    return {
        SYNC_BASE: bare.open_urllib3,
        **usersmanager.per_transport("usersmanager_transport", usersmanager.open_sync),
        "httpx": httpx.open_sync,
        "requests": requests.open_requests,
        "auth0-python": requests.open_auth0,
    }


def async_clients() -> dict[str, AsyncOpen]:
    """Return the async clients by name, likewise."""
    from . import bare, httpx, usersmanager

    return {
        ASYNC_BASE: bare.open_aiohttp,
        **usersmanager.per_transport("usersmanager_async_transport", usersmanager.open_async),
        "httpx": httpx.open_async,
    }


def cached_sync_clients() -> dict[str, Open]:
    """Return the base, and sync clients with a cache, by name."""
    from . import bare, cached

    return {SYNC_BASE: bare.open_urllib3, **cached.per_store(cached.open_sync)}


def cached_async_clients() -> dict[str, AsyncOpen]:
    """Return the base, and async clients with a cache, by name."""
    from . import bare, cached

    return {ASYNC_BASE: bare.open_aiohttp, **cached.per_store(cached.open_async)}
