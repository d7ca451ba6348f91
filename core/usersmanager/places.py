"""Places: how many calls of an event loop may use a connection at a time."""

from __future__ import annotations

import asyncio

from .errors import PoolTimeoutError
from .messages import Request

__all__ = ["Places"]


class Places:
    """The places of an asyncio transport. A call beyond them waits, first come, first served.

    Args:
        count: how many there are.

    Example:
        ```python
        await places.take(request)
        try:
            ...
        finally:
            places.release()
        ```
    """

    def __init__(self, count: int) -> None:
        self._semaphore = asyncio.Semaphore(count)

    async def take(self, request: Request) -> None:
        """Takes a place, to be released after the request.

        Raises:
            PoolTimeoutError: none was free before the request's deadline.
        """
        if self._semaphore.locked():
            await self._wait(request.remaining())
        else:
            # At once, without a timer.
            await self._semaphore.acquire()

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._semaphore.acquire()
        except TimeoutError:
            pass
        else:
            return
        raise PoolTimeoutError("every connection stayed busy until the deadline")

    def release(self) -> None:
        """Gives a place back."""
        self._semaphore.release()
