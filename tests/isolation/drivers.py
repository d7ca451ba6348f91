"""Two modes of a manager behind one face, so that a rule of the state machine is written once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from usersmanager import AsyncUsersManager, Request, UsersManager
from usersmanager.plugins import Flow, Middleware, Proceed, hookimpl
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_httptools import HttptoolsTransport
from usersmanager_retry import Retry, full_jitter
from usersmanager_urllib3 import Urllib3Transport

POOL = 4


@dataclass(frozen=True)
class Ask:
    """One call.

    Attributes:
        token: of this call alone, so that any other call's answer is a wrong one.
        is_impersonation: which of the two operations.
        timeout: seconds.
        patience: seconds and loop iterations after which it is cancelled, or None.
    """

    token: str
    is_impersonation: bool
    timeout: float
    patience: tuple[float, int] | None = None

    def of(self, manager: Any) -> Any:
        """Calls a manager of either mode."""
        if not self.is_impersonation:
            return manager.get_info(self.token, timeout=self.timeout)
        settings = {"impersonator_id": "boss", "protocol": "oauth2", "token": self.token}
        return manager.impersonate("auth0|ada", settings, timeout=self.timeout)


@dataclass(frozen=True)
class Outcome:
    """How a call ended.

    Attributes:
        ask: the call.
        owner: the token that the answer belongs to, or None.
        error: what was raised, or None.
        late: seconds from the deadline, or from the cancellation, to the end.
    """

    ask: Ask
    owner: str | None
    error: BaseException | None
    late: float


class Attempts:
    """A plugin that counts the attempts made with each token."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()
        self._lock = threading.Lock()

    @hookimpl
    def usersmanager_wrap_attempt(self) -> Middleware:
        return self._around

    def _around(self, request: Request, proceed: Proceed) -> Flow:
        with self._lock:
            self.made[request.token.reveal()] += 1
        return proceed(request)


class Driver(Protocol):
    """A manager under test, with every plugin that is installed.

    Attributes:
        complaints: what an event loop's exception handler was told: never retrieved, unclosed.
    """

    complaints: list[str]

    def perform(self, asks: Sequence[Ask], *, close_after: float | None = None) -> list[Outcome]:
        """Makes calls at the same time; may close the manager meanwhile."""

    def perform_after(self, work: Callable[[], object], ask: Ask) -> Outcome:
        """Makes a call right after some other work, with nothing in between."""

    def renew(self) -> None:
        """Closes the manager and makes a new one."""

    def idle(self, seconds: float) -> None:
        """Lets time pass, as a program does that has nothing to do."""

    def close(self) -> None:
        """Closes the manager and whatever is beside it."""


def _settings(attempts: Attempts) -> dict[str, Any]:
    quick = full_jitter(base=0.002, overloaded_base=0.002)
    return {"plugins": [Retry(wait=quick), attempts], "client_id": "a-client"}


def _owner(answer: Any) -> str:
    return answer.rpartition("/")[2] if isinstance(answer, str) else answer.sub


class BlockingDriver:
    """A blocking manager; calls at the same time are threads."""

    carrier: ClassVar[Callable[..., Any]] = Urllib3Transport

    def __init__(self, origin: str, attempts: Attempts) -> None:
        self._origin = origin
        self._attempts = attempts
        self.complaints: list[str] = []
        self._open()

    def _open(self) -> None:
        self._users = UsersManager(
            self._origin, transport=self.carrier(pool_size=POOL), **_settings(self._attempts)
        )

    def perform(self, asks: Sequence[Ask], *, close_after: float | None = None) -> list[Outcome]:
        """Makes calls in threads."""
        if len(asks) == 1 and close_after is None:
            return [self._one(asks[0])]
        outcomes: list[Outcome] = []
        threads = [
            threading.Thread(target=lambda ask=ask: outcomes.append(self._one(ask))) for ask in asks
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

    def perform_after(self, work: Callable[[], object], ask: Ask) -> Outcome:
        """Makes a call right after some other work."""
        work()
        return self._one(ask)

    def _one(self, ask: Ask) -> Outcome:
        owner, caught = None, None
        started = time.monotonic()
        try:
            owner = _owner(ask.of(self._users))
        except BaseException as error:
            caught = error.with_traceback(None)
        return Outcome(ask, owner, caught, time.monotonic() - started - ask.timeout)

    def renew(self) -> None:
        """Closes the manager and makes a new one."""
        self._users.close()
        self._open()

    def idle(self, seconds: float) -> None:
        """Lets time pass."""
        time.sleep(seconds)

    def close(self) -> None:
        """Closes the manager."""
        self._users.close()


class AsyncDriver:
    """An asyncio manager in a loop of its own; calls at the same time are tasks."""

    carrier: ClassVar[Callable[..., Any]] = AiohttpTransport

    def __init__(self, origin: str, attempts: Attempts) -> None:
        self._origin = origin
        self._attempts = attempts
        self.complaints: list[str] = []
        self._runner = asyncio.Runner()
        self._runner.get_loop().set_exception_handler(
            lambda loop, context: self.complaints.append(repr(context))
        )
        self._run(self._open)

    def _run(self, work: Callable[[], Any]) -> Any:
        """Runs a coroutine function; no task may be left but those that were there before."""

        async def main() -> Any:
            result = await work()
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not left, left
            return result

        return self._runner.run(main())

    async def _open(self) -> None:
        self._users = AsyncUsersManager(
            self._origin, transport=self.carrier(pool_size=POOL), **_settings(self._attempts)
        )

    def perform(self, asks: Sequence[Ask], *, close_after: float | None = None) -> list[Outcome]:
        """Makes calls in tasks."""

        async def all_of_them() -> list[Outcome]:
            calls = [asyncio.ensure_future(self._one(ask)) for ask in asks]
            if close_after is not None:
                await asyncio.sleep(close_after)
                await self._users.aclose()
                outcomes = await asyncio.gather(*calls)
                await self._open()
                return outcomes
            return await asyncio.gather(*calls)

        return self._run(all_of_them)

    def perform_after(self, work: Callable[[], object], ask: Ask) -> Outcome:
        """Makes a call before the loop has seen what came during the work."""

        async def work_and_call() -> Outcome:
            work()
            return await self._one(ask)

        return self._run(work_and_call)

    async def _one(self, ask: Ask) -> Outcome:
        owner, caught = None, None
        must_end = time.monotonic() + ask.timeout
        call = ask.of(self._users)
        if ask.patience is not None:
            seconds, iterations = ask.patience
            call = asyncio.ensure_future(call)
            for _ in range(iterations):
                await asyncio.sleep(0)
            await asyncio.wait([call], timeout=seconds)
            if call.cancel():
                must_end = min(must_end, time.monotonic())
        try:
            owner = _owner(await call)
        except BaseException as error:
            caught = error.with_traceback(None)
        return Outcome(ask, owner, caught, time.monotonic() - must_end)

    def renew(self) -> None:
        """Closes the manager and makes a new one."""

        async def close_and_open() -> None:
            await self._users.aclose()
            await self._open()

        self._run(close_and_open)

    def idle(self, seconds: float) -> None:
        """Lets time pass, with the loop running."""
        self._run(lambda: asyncio.sleep(seconds))

    def close(self) -> None:
        """Closes the manager and the loop."""
        self._run(self._users.aclose)
        self._runner.close()


class FastBlockingDriver(BlockingDriver):
    """The same over httptools."""

    carrier = HttptoolsTransport


class FastAsyncDriver(AsyncDriver):
    """The same over httptools."""

    carrier = HttptoolsTransport
