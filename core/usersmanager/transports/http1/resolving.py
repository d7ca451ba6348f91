"""Distinguish a slow resolver from a slow server."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

__all__ = ["ResolverTimeoutError", "is_resolver_timeout", "resolving"]

T = TypeVar("T")

_CANCELLED = "cancelled while resolving a host name"


class ResolverTimeoutError(TimeoutError):
    """A host name was not resolved in time."""


async def resolving(lookup: Awaitable[T]) -> T:
    """Await a name resolution.

    If the deadline cancels it, the error says that the resolver was slow, instead of a slow server.

    Args:
        lookup: resolves a host name.

    Example:
        `hosts = await resolving(resolver.resolve(hop.host, hop.port))`
    """
    import asyncio  # Slow to import, and a sync program does not need it.

    try:
        return await lookup
    except asyncio.CancelledError as error:
        # Not a subclass: `asyncio.timeout` only replaces a plain CancelledError.
        raise asyncio.CancelledError(_CANCELLED) from error


def is_resolver_timeout(error: TimeoutError) -> bool:
    """Return whether a name resolution was too slow."""
    cancelled = error.__cause__
    was_cancelled = cancelled is not None and cancelled.args == (_CANCELLED,)
    return was_cancelled or isinstance(error, ResolverTimeoutError)
