"""Places: how many calls of an event loop may use a connection at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

from .errors import PoolTimeoutError
from .messages import Request

__all__ = ["Places"]


class Places:
    """The places of an asyncio transport. A call beyond them waits, first come, first served.

    As `asyncio.Semaphore`, with a deadline. Where nobody waits, taking one is a subtraction.

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

    __slots__ = ("_free", "_turns")

    def __init__(self, count: int) -> None:
        self._free = count
        self._turns: deque[asyncio.Future[None]] = deque()

    async def take(self, request: Request) -> None:
        """Takes a place, to be released after the request.

        Raises:
            PoolTimeoutError: none was free before the request's deadline.
        """
        # A place is handed from call to call: while one waits, none is free.
        if self._free:
            self._free -= 1
        else:
            await self._wait(request.remaining())

    async def _wait(self, seconds: float) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        try:
            async with asyncio.timeout(seconds):
                await turn
        except BaseException as error:
            self._give_up(turn)
            if not isinstance(error, TimeoutError):
                raise
        else:
            return
        raise PoolTimeoutError("every connection stayed busy until the deadline")

    def _give_up(self, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():  # The place came at the last moment.
            self.release()
            return
        with contextlib.suppress(ValueError):
            self._turns.remove(turn)

    def release(self) -> None:
        """Gives a place back: to whoever has waited longest."""
        while self._turns:
            turn = self._turns.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
