"""Check the clients of redis-py and valkey-py that a RedisStore is given."""

from __future__ import annotations

from inspect import isclass, iscoroutinefunction
from typing import Any

from usersmanager import ArgumentError

__all__ = ["check_async_client", "check_client", "explain_options"]

_LONGEST_TIMEOUT = 1.0
_MOST_RETRIES = 1


def check_client(client: Any) -> None:
    """Check a sync client.

    Raises:
        ArgumentError: it is no client of a single server, it is an asyncio client, it has
            `decode_responses`, or a call of it might take long.
    """
    problem = _explain_kind(client, "redis.Redis")
    if problem is None and _is_async(client):
        problem = "is an asyncio client: pass it as async_client"
    problem = problem or explain_options(client)
    if problem is not None:
        raise ArgumentError(f"client {problem}")


def check_async_client(client: Any) -> None:
    """Check an asyncio client.

    Raises:
        ArgumentError: it is no client of a single server, it is a sync client, or it has
            `decode_responses`.
    """
    problem = _explain_kind(client, "redis.asyncio.Redis")
    if problem is None and not _is_async(client):
        problem = "is a sync client: pass it as client"
    problem = problem or _explain_decoding(client)
    if problem is not None:
        raise ArgumentError(f"async_client {problem}")


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
