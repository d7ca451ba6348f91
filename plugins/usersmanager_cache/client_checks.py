"""Check the clients of redis-py and valkey-py that a RedisStore is given.

The functions raise no errors: the repr of a client may show a password (redis-py 5 and 6), and a
traceback the repr of each local variable.
"""

from __future__ import annotations

from inspect import isclass, iscoroutinefunction
from typing import Any

__all__ = ["explain_async_client", "explain_client", "explain_options"]

_LONGEST_TIMEOUT = 1.0
_MOST_RETRIES = 1


def explain_client(client: Any) -> str | None:
    """Return why a store can't use an object as its sync client, or None if it can, or has none."""
    if client is None:
        return None
    problem = _explain_kind(client, "redis.Redis")
    if problem is None and _is_async(client):
        problem = "is an asyncio client: pass it as async_client"
    problem = problem or explain_options(client)
    return problem and f"client {problem}"


def explain_async_client(client: Any) -> str | None:
    """Return why a store can't use an object as its asyncio client, or None, as above."""
    if client is None:
        return None
    problem = _explain_kind(client, "redis.asyncio.Redis")
    if problem is None and not _is_async(client):
        problem = "is a sync client: pass it as client"
    problem = problem or _explain_decoding(client)
    return problem and f"async_client {problem}"


def explain_options(client: Any) -> str | None:
    """Return which option of a sync client is wrong, or None."""
    return _explain_decoding(client) or _explain_time(client)


def _explain_kind(client: Any, kind: str) -> str | None:
    if isclass(client):
        return f"is a class: pass an instance, {client.__name__}(...)"
    pool = getattr(client, "connection_pool", None)
    if pool is None or hasattr(pool, "sentinel_manager"):
        return (
            f"must be a {kind} or a client of valkey-py with the same methods, for one server:"
            " Cluster and Sentinel clients are not supported"
        )
    return None


def _is_async(client: Any) -> bool:
    return iscoroutinefunction(client.connection_pool.disconnect)


def _explain_decoding(client: Any) -> str | None:
    if client.connection_pool.connection_kwargs.get("decode_responses"):
        return "must not decode responses: leave decode_responses out"
    return None


def _explain_time(client: Any) -> str | None:
    """Return why a call might take long, or None. A sync call can't be cut short."""
    pool = client.connection_pool
    if (getattr(pool, "timeout", 0) or 0) > _LONGEST_TIMEOUT:
        return (
            "must not wait long for a connection: write BlockingConnectionPool(timeout=0.25, ...)"
        )
    # The defaults differ between versions. A connection has them, and it is not opened here.
    connection = pool.connection_class(**pool.connection_kwargs)
    timeout, retries = connection.socket_timeout, connection.retry._retries
    if timeout is not None and timeout <= _LONGEST_TIMEOUT and 0 <= retries <= _MOST_RETRIES:
        return None
    return (
        "must not wait long for the server: write socket_timeout=0.25, socket_connect_timeout=0.25"
        " (at most 1) and retry=Retry(NoBackoff(), 0) (at most 1), since a sync call can't be cut"
        " short"
    )
