"""Clients with the same interface for sync and async transports under test.

They send the same requests and raise the same errors as a manager, but keep the tracebacks.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Protocol, TypeAlias, TypeVar

from ..._flow.async_driver import drive_async
from ..._flow.chain import chain
from ..._flow.raw_errors import is_raw_error, translate
from ..._flow.sync_driver import drive
from ..._flow.transport import AsyncTransport, Transport, is_strict
from ..._values.request import Request
from ..._values.response import Response

__all__ = ["AsyncClient", "Client", "Outcome", "SyncClient"]

T = TypeVar("T")
Outcome: TypeAlias = Response | BaseException


class Client(Protocol):
    """A client of a transport under test."""

    def send(self, request: Request) -> Response:
        """Send a request."""

    def send_as_manager(self, request: Request) -> Response:
        """Send a request exactly like a manager, which removes frames from errors."""

    def send_all(
        self, requests: list[Callable[[], Request]], *, first_sent: threading.Event | None = None
    ) -> list[Outcome]:
        """Send requests concurrently. Each is created when it starts.

        Args:
            requests: functions that create the requests.
            first_sent: set by the server when the first request arrives; the others start then.
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
        self.transport = transport

    def send(self, request: Request) -> Response:
        """Send a request."""
        with _translated():
            return self.transport.send(_as_sent(request, self.transport))

    def send_as_manager(self, request: Request) -> Response:
        """Send a request exactly like a manager."""
        handler = chain(close_connections=not is_strict(self.transport))
        return drive(handler(request), self.transport, request.deadline)

    def send_all(
        self, requests: list[Callable[[], Request]], *, first_sent: threading.Event | None = None
    ) -> list[Outcome]:
        """Send requests concurrently."""
        outcomes: list[Outcome] = [AssertionError("not run")] * len(requests)

        def work(index: int, make: Callable[[], Request]) -> None:
            try:
                outcomes[index] = self.send(make())
            except BaseException as error:
                outcomes[index] = error

        threads = [
            threading.Thread(target=work, args=pair, daemon=True) for pair in enumerate(requests)
        ]
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
        self.transport.close()

    def close(self) -> None:
        """Close the transport."""
        self.close_transport()


class AsyncClient:
    """Client of an async transport, with its own event loop; concurrent requests are tasks."""

    def __init__(self, transport: AsyncTransport) -> None:
        self.transport = transport
        self._runner = asyncio.Runner()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the event loop of the transport."""
        return self._runner.run(coroutine)

    def send(self, request: Request) -> Response:
        """Send a request."""
        return self.run(self.asend(request))

    async def asend(self, request: Request) -> Response:
        """Send a request from within the event loop."""
        with _translated():
            return await self.transport.asend(_as_sent(request, self.transport))

    def send_as_manager(self, request: Request) -> Response:
        """Send a request exactly like a manager."""
        handler = chain(close_connections=not is_strict(self.transport))
        return self.run(drive_async(handler(request), self.transport, request.deadline))

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
        """Start a request, cancel it after `after` seconds, and return whether it was cancelled."""

        async def start_and_cancel() -> bool:
            task = asyncio.ensure_future(self.asend(request))
            await asyncio.sleep(after)
            task.cancel()
            await asyncio.wait([task])
            return task.cancelled()

        return self.run(start_and_cancel())

    def close_transport(self) -> None:
        """Close the transport."""
        self.run(self.transport.aclose())

    def close(self) -> None:
        """Close the transport and the event loop."""
        try:
            self.close_transport()
        finally:
            self._runner.close()


def _as_sent(request: Request, transport: object) -> Request:
    return request if is_strict(transport) else request.with_connection_close()


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if is_raw_error(error):
            raise translate(error) from error
        raise
