"""Clients of a transport under test: the same interface for sync and async transports."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeAlias, TypeVar

from ..._flow.async_driver import drive_async
from ..._flow.chain import chain
from ..._flow.sync_driver import drive
from ..._flow.transport import AsyncTransport, Transport
from ..._values.messages import Request, Response

__all__ = ["AsyncClient", "Client", "Outcome", "SyncClient"]

T = TypeVar("T")
Outcome: TypeAlias = Response | BaseException
_handler = chain((), ())


class Client(Protocol):
    """A client of a transport under test."""

    def send(self, request: Request) -> Response:
        """Send a request."""

    def send_as_manager(self, request: Request) -> Response:
        """Send a request as a manager does, which removes frames from errors."""

    def send_all(
        self, requests: list[Callable[[], Request]], *, first_sent: threading.Event | None = None
    ) -> list[Outcome]:
        """Send requests concurrently; each is made when it starts.

        Args:
            requests: functions that make them.
            first_sent: set by the server when the first has arrived; the others start after it.
        """

    def idle(self, seconds: float) -> None:
        """Let time pass; an event loop keeps running."""

    def close_transport(self) -> None:
        """Close the transport."""

    def close(self) -> None:
        """Close the transport and the client."""


class SyncClient:
    """Client of a sync transport; concurrent requests are threads."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def send(self, request: Request) -> Response:
        """Send a request."""
        return self._transport.send(request)

    def send_as_manager(self, request: Request) -> Response:
        """Send a request as a manager does."""
        return drive(_handler(request), self._transport, request.deadline)

    def send_all(
        self, requests: list[Callable[[], Request]], *, first_sent: threading.Event | None = None
    ) -> list[Outcome]:
        """Send requests concurrently."""
        outcomes: list[Outcome] = [AssertionError("not run")] * len(requests)

        def work(index: int, make: Callable[[], Request]) -> None:
            try:
                outcomes[index] = self._transport.send(make())
            except BaseException as error:
                outcomes[index] = error

        threads = [threading.Thread(target=work, args=pair) for pair in enumerate(requests)]
        for thread in threads:
            thread.start()
            if first_sent is not None:
                first_sent.wait(5)
        for thread in threads:
            thread.join()
        return outcomes

    def idle(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)

    def close_transport(self) -> None:
        """Close the transport."""
        self._transport.close()

    def close(self) -> None:
        """Close the transport."""
        self.close_transport()


class AsyncClient:
    """Client of an async transport, with its own event loop; concurrent requests are tasks."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport
        self._runner = asyncio.Runner()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the event loop of the transport."""
        return self._runner.run(coroutine)

    def send(self, request: Request) -> Response:
        """Send a request."""
        return self.run(self.asend(request))

    async def asend(self, request: Request) -> Response:
        """Send a request from within the event loop."""
        return await self._transport.asend(request)

    def send_as_manager(self, request: Request) -> Response:
        """Send a request as a manager does."""
        return self.run(drive_async(_handler(request), self._transport, request.deadline))

    def send_all(
        self, requests: list[Callable[[], Request]], *, first_sent: threading.Event | None = None
    ) -> list[Outcome]:
        """Send requests concurrently."""

        async def gather() -> list[Outcome]:
            calls = []
            for make in requests:
                calls.append(asyncio.ensure_future(self.asend(make())))
                if first_sent is not None:
                    await asyncio.to_thread(first_sent.wait, 5)
            return await asyncio.gather(*calls, return_exceptions=True)

        return self.run(gather())

    def idle(self, seconds: float) -> None:
        """Let time pass while the event loop runs."""
        self.run(asyncio.sleep(seconds))

    def cancel(self, request: Request, after: float) -> bool:
        """Start a request, cancel it after some seconds, and return whether it was cancelled."""

        async def start_and_cancel() -> bool:
            task = asyncio.ensure_future(self.asend(request))
            await asyncio.sleep(after)
            task.cancel()
            await asyncio.wait([task])
            return task.cancelled()

        return self.run(start_and_cancel())

    def close_transport(self) -> None:
        """Close the transport."""
        self.run(self._transport.aclose())

    def close(self) -> None:
        """Close the transport and the event loop."""
        self.close_transport()
        self._runner.close()
