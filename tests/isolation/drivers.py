"""One interface for sync and async managers, so that each rule of the tests is written once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from usersmanager import AsyncUsersManager, Request, UsersManager
from usersmanager.plugins import hookimpl
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_native import NativeTransport
from usersmanager_retry import Retry, full_jitter
from usersmanager_urllib3 import Urllib3Transport

POOL = 4


@dataclass(frozen=True)
class PlannedCall:
    """One call.

    Attributes:
        token: unique, so that the response to any other call can be recognized.
        is_impersonation: which of the two operations it is.
        timeout: in seconds.
        cancel_after: seconds and event loop iterations, or None.
    """

    token: str
    is_impersonation: bool
    timeout: float
    cancel_after: tuple[float, int] | None = None

    def make(self, manager: Any) -> Any:
        """Call a manager of either mode."""
        if not self.is_impersonation:
            return manager.get_info(self.token, timeout=self.timeout)
        settings = {"impersonator_id": "boss", "protocol": "oauth2", "token": self.token}
        return manager.impersonate("auth0|ada", settings, timeout=self.timeout)


@dataclass(frozen=True)
class Outcome:
    """How a call ended.

    Attributes:
        call: the call.
        owner: the token that the response belongs to, or None.
        error: the error that was raised, or None.
        late: seconds from the deadline, or from the cancellation, to the end of the call.
    """

    call: PlannedCall
    owner: str | None
    error: BaseException | None
    late: float


class Attempts:
    """A plugin that counts the attempts with each token."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    @hookimpl
    def usersmanager_request(self, request: Request) -> None:
        with self._lock:
            self.counts[request.token.reveal()] += 1


class Driver(Protocol):
    """A manager with every installed plugin.

    Attributes:
        loop_errors: what an event loop passed to its exception handler.
    """

    loop_errors: list[str]

    def perform(
        self, calls: Sequence[PlannedCall], *, close_after: float | None = None
    ) -> list[Outcome]:
        """Make concurrent calls, and close the manager after some seconds if asked to."""

    def perform_after(self, work: Callable[[], object], call: PlannedCall) -> Outcome:
        """Make a call right after some blocking work."""

    def renew(self) -> None:
        """Close the manager and make a new one."""

    def idle(self, seconds: float) -> None:
        """Wait, with a running event loop if there is one."""

    def close(self) -> None:
        """Close the manager and its event loop."""


def _settings(attempts: Attempts, plugins: Sequence[object]) -> dict[str, Any]:
    short = full_jitter(base=0.002, overloaded_base=0.002)
    return {"plugins": [*plugins, Retry(wait=short), attempts], "client_id": "a-client"}


def _owner(result: Any) -> str:
    return result.rpartition("/")[2] if isinstance(result, str) else result.sub


class SyncDriver:
    """A sync manager; concurrent calls run in threads."""

    transport_class: ClassVar[Callable[..., Any]] = Urllib3Transport

    def __init__(self, origin: str, attempts: Attempts, plugins: Sequence[object] = ()) -> None:
        self._origin = origin
        self._plugins = plugins
        self._attempts = attempts
        self.loop_errors: list[str] = []
        self._open()

    def _open(self) -> None:
        self._users = UsersManager(
            self._origin,
            transport=self.transport_class(pool_size=POOL),
            **_settings(self._attempts, self._plugins),
        )

    def perform(
        self, calls: Sequence[PlannedCall], *, close_after: float | None = None
    ) -> list[Outcome]:
        """Make calls in threads."""
        if len(calls) == 1 and close_after is None:
            return [self._perform(calls[0])]
        outcomes: list[Outcome] = []
        threads = [
            threading.Thread(target=lambda call=call: outcomes.append(self._perform(call)))
            for call in calls
        ]
        for thread in threads:
            thread.start()
        if close_after is not None:
            time.sleep(close_after)
            self._users.close()
        for thread in threads:
            thread.join()
        if close_after is not None:
            self._open()
        return outcomes

    def perform_after(self, work: Callable[[], object], call: PlannedCall) -> Outcome:
        """Make a call right after some blocking work."""
        work()
        return self._perform(call)

    def _perform(self, call: PlannedCall) -> Outcome:
        owner, caught = None, None
        started = time.monotonic()
        try:
            owner = _owner(call.make(self._users))
        except BaseException as error:
            caught = error.with_traceback(None)
        return Outcome(call, owner, caught, time.monotonic() - started - call.timeout)

    def renew(self) -> None:
        """Close the manager and make a new one."""
        self._users.close()
        self._open()

    def idle(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def close(self) -> None:
        """Close the manager."""
        self._users.close()


class AsyncDriver:
    """An async manager with its own event loop; concurrent calls run in tasks."""

    transport_class: ClassVar[Callable[..., Any]] = AiohttpTransport

    def __init__(self, origin: str, attempts: Attempts, plugins: Sequence[object] = ()) -> None:
        self._origin = origin
        self._plugins = plugins
        self._attempts = attempts
        self.loop_errors: list[str] = []
        self._runner = asyncio.Runner()
        self._runner.get_loop().set_exception_handler(
            lambda loop, context: self.loop_errors.append(repr(context))
        )
        self._run(self._open)

    def _run(self, work: Callable[[], Any]) -> Any:
        """Run a coroutine function, and check that it leaves no task behind."""

        async def main() -> Any:
            result = await work()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            assert not tasks, tasks
            return result

        return self._runner.run(main())

    async def _open(self) -> None:
        self._users = AsyncUsersManager(
            self._origin,
            transport=self.transport_class(pool_size=POOL),
            **_settings(self._attempts, self._plugins),
        )

    def perform(
        self, calls: Sequence[PlannedCall], *, close_after: float | None = None
    ) -> list[Outcome]:
        """Make calls in tasks."""

        async def perform_all() -> list[Outcome]:
            tasks = [asyncio.ensure_future(self._perform(call)) for call in calls]
            if close_after is not None:
                await asyncio.sleep(close_after)
                await self._users.aclose()
                outcomes = await asyncio.gather(*tasks)
                await self._open()
                return outcomes
            return await asyncio.gather(*tasks)

        return self._run(perform_all)

    def perform_after(self, work: Callable[[], object], call: PlannedCall) -> Outcome:
        """Make a call before the event loop has read what arrived during the work."""

        async def work_and_call() -> Outcome:
            work()
            return await self._perform(call)

        return self._run(work_and_call)

    async def _perform(self, call: PlannedCall) -> Outcome:
        owner, caught = None, None
        must_end = time.monotonic() + call.timeout
        awaitable = call.make(self._users)
        if call.cancel_after is not None:
            seconds, iterations = call.cancel_after
            awaitable = asyncio.ensure_future(awaitable)
            for _ in range(iterations):
                await asyncio.sleep(0)
            await asyncio.wait([awaitable], timeout=seconds)
            if awaitable.cancel():
                must_end = min(must_end, time.monotonic())
        try:
            owner = _owner(await awaitable)
        except BaseException as error:
            caught = error.with_traceback(None)
        return Outcome(call, owner, caught, time.monotonic() - must_end)

    def renew(self) -> None:
        """Close the manager and make a new one."""

        async def close_and_open() -> None:
            await self._users.aclose()
            await self._open()

        self._run(close_and_open)

    def idle(self, seconds: float) -> None:
        """Wait, with a running event loop."""
        self._run(lambda: asyncio.sleep(seconds))

    def close(self) -> None:
        """Close the manager and the event loop."""
        self._run(self._users.aclose)
        self._runner.close()


class NativeSyncDriver(SyncDriver):
    """A sync manager over native."""

    transport_class = NativeTransport


class NativeAsyncDriver(AsyncDriver):
    """An async manager over native."""

    transport_class = NativeTransport
