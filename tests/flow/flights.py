"""Calls that share a SingleFlight, from threads, tasks and event loops, under a test's control."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from queue import Queue
from typing import Any

from tests.support import TENANT

from usersmanager import (
    AsyncUsersManager,
    DeadlineExceededError,
    Request,
    Response,
    UsersManager,
)
from usersmanager.plugins import Flow, Proceed, SingleFlight, hookimpl

__all__ = ["KINDS", "LIMIT", "Crew", "Gate", "Shared", "crew_of", "eventually", "joined"]

LIMIT = 20.0
"""Seconds after which something has certainly failed."""


class Shared:
    """A plugin whose calls share a flight, by their tokens."""

    def __init__(self) -> None:
        self.flight = SingleFlight()

    @hookimpl
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        return self.flight.run(request.token.reveal(), lambda: proceed(request))


class PendingRequest:
    """A request that a transport has received, and that the test responds to."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.outcome: Future[Response] = Future()

    def respond(self, status: int = 200, body: bytes = b'{"sub": "u"}') -> None:
        headers = {"Content-Type": "application/json"}
        self.outcome.set_result(Response(status, headers, body))

    def fail(self, error: BaseException) -> None:
        self.outcome.set_exception(error)

    def is_done(self) -> bool:
        return self.outcome.done()

    def get(self) -> Response:
        return self.outcome.result(LIMIT)


class Gate:
    """A transport, sync and async, that the test responds for.

    Attributes:
        requests: those that were sent, in order.
        is_punctual: False for a transport that does not keep to the deadline.
    """

    def __init__(self) -> None:
        self.requests: list[PendingRequest] = []
        self.is_punctual = True
        self._new: Queue[PendingRequest] = Queue()

    def next(self) -> PendingRequest:
        """Wait for the next request."""
        return self._new.get(timeout=LIMIT)

    def _receive(self, request: Request) -> PendingRequest:
        pending = PendingRequest(request)
        self.requests.append(pending)
        self._new.put(pending)
        return pending

    def _is_over(self, pending: PendingRequest) -> bool:
        if self.is_punctual and pending.request.remaining() <= 0:
            raise DeadlineExceededError("the deadline passed")
        return pending.is_done()

    def send(self, request: Request) -> Response:
        pending = self._receive(request)
        while not self._is_over(pending):
            time.sleep(0.001)
        return pending.get()

    async def asend(self, request: Request) -> Response:
        pending = self._receive(request)
        limit = max(0, request.remaining()) if self.is_punctual else None
        outcome = asyncio.wrap_future(pending.outcome)
        outcome.add_done_callback(asyncio.Future.exception)  # Otherwise asyncio logs it.
        await asyncio.wait([outcome], timeout=limit)
        self._is_over(pending)
        return pending.get()

    def close(self) -> None: ...

    async def aclose(self) -> None: ...


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until a condition is met."""
    limit = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < limit, "it never happened"
        time.sleep(0.001)


def joined(flight: SingleFlight) -> int:
    """Return how many calls take part in the flights that are under way."""
    return sum(len(one.callers) for one in list(flight._flights._open.values()))


class _LoopThread:
    """An event loop that runs in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()

    def submit(self, work: Any) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    async def _finish(self) -> None:
        """Wait for the tasks of calls that were cancelled."""
        if others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)

    def close(self) -> None:
        self.submit(self._finish()).result(LIMIT)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class Crew:
    """Starts calls that share a plugin.

    Args:
        kind: "threads", "tasks" of one event loop, "loops" for a loop for each call, or "mixed":
            the first in a thread, the second in a task, and so on.

    Attributes:
        settings: those of each manager.
    """

    def __init__(self, kind: str, plugin: Any = None) -> None:
        self.kind = kind
        self.plugin = Shared() if plugin is None else plugin
        self.gate = Gate()
        self.settings: dict[str, Any] = {
            "transport": self.gate,
            "plugins": [self.plugin],
            "discover": False,
        }
        self._threads: list[threading.Thread] = []
        self._loops: list[_LoopThread] = []
        self._calls: list[Future[Any]] = []
        self._joined = 0
        self._join = self.flight._flights.join
        self.flight._flights.join = self._count_and_join  # type: ignore[method-assign] # To count.

    @property
    def flight(self) -> SingleFlight:
        flight: SingleFlight = self.plugin.flight
        return flight

    def _count_and_join(self, caller: Any, key: Any) -> None:
        self._join(caller, key)
        self._joined += 1

    def start(self, count: int = 1, *, token: str = "t", **options: Any) -> Any:
        """Start calls one after another, each as soon as the one before has joined its flight."""
        options = {"timeout": LIMIT, **options}
        calls = [self._start(token, options) for _ in range(count)]
        return calls if count > 1 else calls[0]

    def _start(self, token: str, options: dict[str, Any]) -> Future[Any]:
        before = self._joined
        is_even = len(self._calls) % 2 == 0
        is_sync = self.kind == "threads" or (self.kind == "mixed" and is_even)
        call = self._in_thread(token, options) if is_sync else self._in_loop(token, options)
        self._calls.append(call)
        eventually(lambda: self._joined > before or call.done())
        return call

    def _in_thread(self, token: str, options: dict[str, Any]) -> Future[Any]:
        call: Future[Any] = Future()

        def work() -> None:
            with UsersManager(TENANT, **self.settings) as users:
                try:
                    call.set_result(users.get_info(token, **options))
                except BaseException as error:
                    call.set_exception(error)

        thread = threading.Thread(target=work)
        self._threads.append(thread)
        thread.start()
        return call

    def _in_loop(self, token: str, options: dict[str, Any]) -> Future[Any]:
        if not self._loops or self.kind == "loops":
            self._loops.append(_LoopThread())

        async def work() -> Any:
            async with AsyncUsersManager(TENANT, **self.settings) as users:
                return await users.get_info(token, **options)

        return self._loops[-1].submit(work())

    def _is_over(self) -> bool:
        for pending in self.gate.requests:
            if not pending.is_done():
                pending.respond()
        return all(call.done() for call in self._calls)

    def close(self) -> None:
        """End all calls."""
        eventually(self._is_over)
        for thread in self._threads:
            thread.join(LIMIT)
        for loop in self._loops:
            loop.close()
        assert not any(thread.is_alive() for thread in self._threads)
        assert self.flight._flights._open == {}, "a key is left"


KINDS = ("threads", "tasks", "loops", "mixed")


@contextlib.contextmanager
def crew_of(
    kind: str, plugin: Any = None, crew_type: Callable[[str, Any], Crew] = Crew
) -> Iterator[Any]:
    """A crew that is closed at the end."""
    crew = crew_type(kind, plugin)
    try:
        yield crew
    finally:
        crew.close()
