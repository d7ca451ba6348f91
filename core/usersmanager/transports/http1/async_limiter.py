"""Limit the number of connections that the tasks of an event loop use at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

from ..._values.deadline import Deadline
from ...errors import PoolTimeoutError
from .limiter import Slot, SlotCounter

__all__ = ["AsyncConnectionLimiter"]


class AsyncConnectionLimiter:
    """Limits the connections of tasks; beyond the limit they wait, first in, first out.

    Args:
        limit: the maximum number of slots in use.

    Example:
        ```python
        slot = await limiter.acquire(deadline)
        try:
            ...
        finally:
            limiter.release(slot)
        ```
    """

    __slots__ = ("_slots", "_waiters")

    def __init__(self, limit: int) -> None:
        self._slots = SlotCounter(limit)
        self._waiters: deque[asyncio.Future[Slot]] = deque()

    async def acquire(self, deadline: Deadline) -> Slot:
        """Return a slot, waiting for one if necessary.

        Raises:
            PoolTimeoutError: none became available before the deadline.
        """
        if self._waiters:
            self._wake()  # A slot may have died without a `release`.
        if not self._waiters and not self._slots.is_full:
            return self._slots.add()
        return await self._wait(deadline)

    async def _wait(self, deadline: Deadline) -> Slot:
        waiter: asyncio.Future[Slot] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(deadline.remaining()):
                return await waiter
        except BaseException as error:
            self._withdraw(waiter)
            if not isinstance(error, TimeoutError):
                raise
        raise PoolTimeoutError("no connection became available before the deadline")

    def _withdraw(self, waiter: asyncio.Future[Slot]) -> None:
        if waiter.done() and not waiter.cancelled():  # It got a slot at the last moment.
            self.release(waiter.result())
            return
        with contextlib.suppress(ValueError):
            self._waiters.remove(waiter)

    def release(self, slot: Slot) -> None:
        """Give a slot back. May be called twice."""
        self._slots.remove(slot)
        if self._waiters:
            self._wake()

    def _wake(self) -> None:
        """Give each free slot to the task that has waited longest."""
        while self._waiters and not self._slots.is_full:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(self._slots.add())
