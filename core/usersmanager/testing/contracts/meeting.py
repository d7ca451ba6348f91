"""A transport whose requests overlap, for the plugin contract."""

from __future__ import annotations

import asyncio
import contextlib
import threading

from ..._values.request import Request
from ..._values.response import Response
from .responding import RespondingTransport, own_profile

__all__ = ["MeetingTransport"]


class MeetingTransport(RespondingTransport):
    """A transport that holds requests for profiles until a given number has arrived.

    Args:
        parties: the number of requests.
        seconds: how long to wait for the others, in case a plugin lets only one through.
    """

    def __init__(self, parties: int, seconds: float) -> None:
        super().__init__(own_profile)
        self._parties = parties
        self._seconds = seconds
        self._barrier = threading.Barrier(parties)
        self._arrived = 0
        self._all_arrived = asyncio.Event()

    def send(self, request: Request) -> Response:
        """Wait for the other threads; return a profile whose subject is the token."""
        if request.operation == "get_info":
            with contextlib.suppress(threading.BrokenBarrierError):
                self._barrier.wait(self._seconds)
        return super().send(request)

    async def asend(self, request: Request) -> Response:
        """Wait for the other tasks; return a profile whose subject is the token."""
        if request.operation != "get_info":
            return super().send(request)
        self._arrived += 1
        if self._arrived == self._parties:
            self._all_arrived.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._all_arrived.wait(), self._seconds)
        return super().send(request)

    def end_meeting(self) -> None:
        """Stop holding requests from threads."""
        self._barrier.abort()
