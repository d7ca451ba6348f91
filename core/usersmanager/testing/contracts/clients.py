"""Two modes of a transport under test, behind one face, so that a row is written once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from ..._flow.async_driver import drive_async
from ..._flow.chain import chain
from ..._flow.sync_driver import drive
from ..._flow.transport import AsyncTransport, Transport
from ..._values.messages import Request, Response

__all__ = ["AsyncClient", "BlockingClient", "Client", "Outcome"]

T = TypeVar("T")
_handler = chain((), ())
Outcome = Response | BaseException


class Client(Protocol):
    """A transport under test."""

    def send(self, request: Request) -> Response:
        """Carries one request."""

    def send_as_manager(self, request: Request) -> Response:
        """Send a request as a manager does, which removes frames from errors."""

    def send_all(self, requests: list[Callable[[], Request]]) -> list[Outcome]:
        """Carries requests at the same time; each is made when it starts."""

    def idle(self, seconds: float) -> None:
        """Lets time pass, as a program does that has other work."""

    def close_transport(self) -> None:
        """Closes the transport."""

    def close(self) -> None:
        """Closes the transport, and whatever the client has beside it."""


class BlockingClient:
    """A blocking transport; requests at the same time are threads."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def send(self, request: Request) -> Response:
        """Carries one request."""
        return self._transport.send(request)

    def send_as_manager(self, request: Request) -> Response:
        """Send a request as a manager does."""
        return drive(_handler(request), self._transport, request.deadline)

    def send_all(self, requests: list[Callable[[], Request]]) -> list[Outcome]:
        """Carries requests at the same time."""
        outcomes: list[Outcome] = [AssertionError("never run")] * len(requests)

        def work(place: int, make: Callable[[], Request]) -> None:
            try:
                outcomes[place] = self._transport.send(make())
            except BaseException as error:
                outcomes[place] = error

        threads = [threading.Thread(target=work, args=pair) for pair in enumerate(requests)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return outcomes

    def idle(self, seconds: float) -> None:
        """Lets time pass."""
        time.sleep(seconds)

    def close_transport(self) -> None:
        """Closes the transport."""
        self._transport.close()

    def close(self) -> None:
        """Closes the transport."""
        self.close_transport()


class AsyncClient:
    """An asyncio transport, in an event loop of its own; requests at the same time are tasks."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport
        self._runner = asyncio.Runner()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs anything in the loop of the transport."""
        return self._runner.run(coroutine)

    def send(self, request: Request) -> Response:
        """Carries one request."""
        return self.run(self._transport.asend(request))

    def send_as_manager(self, request: Request) -> Response:
        """Send a request as a manager does."""
        return self.run(drive_async(_handler(request), self._transport, request.deadline))

    def send_all(self, requests: list[Callable[[], Request]]) -> list[Outcome]:
        """Carries requests at the same time."""

        async def all_of_them() -> list[Outcome]:
            sending = [self._transport.asend(make()) for make in requests]
            return await asyncio.gather(*sending, return_exceptions=True)

        return self.run(all_of_them())

    def idle(self, seconds: float) -> None:
        """Lets time pass, with the loop running."""
        self.run(asyncio.sleep(seconds))

    async def start(self, request: Request) -> Response:
        """Carries one request, from within the loop."""
        return await self._transport.asend(request)

    def cancel(self, request: Request, after: float) -> bool:
        """Starts a request and cancels it after so many seconds; whether it was cancelled."""

        async def start_and_cancel() -> bool:
            task = asyncio.ensure_future(self._transport.asend(request))
            await asyncio.sleep(after)
            task.cancel()
            await asyncio.wait([task])
            return task.cancelled()

        return self.run(start_and_cancel())

    def close_transport(self) -> None:
        """Closes the transport."""
        self.run(self._transport.aclose())

    def close(self) -> None:
        """Closes the transport and the loop."""
        self.close_transport()
        self._runner.close()
