"""AsyncPool: a pool that the tasks of an event loop share."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import NamedTuple

from ..._values.deadline import Deadline
from ...errors import PoolTimeoutError
from .async_connection import AsyncConnection
from .pool import Pool
from .slots import Slot

__all__ = ["AsyncPool"]

_Slot = Slot[AsyncConnection]


class _Waiter(NamedTuple):
    """A task that waits, and what for."""

    origin: str
    may_reuse: bool
    slot: asyncio.Future[_Slot]


class AsyncPool(Pool[AsyncConnection]):
    """A pool of tasks, which wait first in, first out. Arguments as for `Pool`.

    Example::

        slot = await pool.acquire(origin, deadline, may_reuse=True)
        try:
            ...
            slot.is_reusable = True
        finally:
            pool.release(slot)
    """

    def __init__(self, size: int, idle_timeout: float) -> None:
        super().__init__(size, idle_timeout)
        # Not a deque: without the GIL, another thread can't copy one while it changes.
        self._waiters: list[_Waiter] = []

    async def acquire(self, origin: str, deadline: Deadline, *, may_reuse: bool) -> _Slot:
        """Return a slot, waiting for one if necessary; see `try_acquire`.

        Raises:
            PoolTimeoutError: none became available before the deadline.
        """
        if self._waiters:
            self._wake()  # A slot may have died without a `release`.
        # If a task still waits, there is no slot for this one either.
        slot = self.try_acquire(origin, may_reuse=may_reuse)
        return slot or await self._wait(origin, deadline, may_reuse)

    async def _wait(self, origin: str, deadline: Deadline, may_reuse: bool) -> _Slot:
        waiter = _Waiter(origin, may_reuse, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(deadline.remaining()):
                return await waiter.slot
        except BaseException as error:
            self._withdraw(waiter)
            if not isinstance(error, TimeoutError):
                raise
        raise PoolTimeoutError("no connection became available before the deadline")

    def _withdraw(self, waiter: _Waiter) -> None:
        with contextlib.suppress(ValueError):
            self._waiters.remove(waiter)
        if waiter.slot.done() and not waiter.slot.cancelled():  # It came at the last moment.
            slot = waiter.slot.result()
            slot.is_reusable = True
            self.release(slot)

    def release(self, slot: _Slot) -> None:
        """End the use of a slot; see `Pool.release`."""
        super().release(slot)
        if self._waiters:
            self._wake()

    def _wake(self) -> None:
        """Give each free slot to the task that has waited longest."""
        while self._waiters:
            waiter = self._waiters[0]
            if not waiter.slot.done():
                slot = self.try_acquire(waiter.origin, may_reuse=waiter.may_reuse)
                if slot is None:
                    return
                waiter.slot.set_result(slot)
            self._waiters.pop(0)

    def _waiting_origins(self) -> Iterable[str]:
        return [waiter.origin for waiter in self._waiters.copy()]

    async def aclose(self) -> None:
        """Close the idle connections, and those that are released later."""
        self.close()
