"""The shipped plugins pass the contract; a plugin with a mistake fails it."""

from __future__ import annotations

import asyncio
import io
import re
import threading
from collections.abc import Iterator
from typing import ClassVar

import pytest

from usersmanager import Request, Response
from usersmanager.plugins import Flow, Proceed, hookimpl, run
from usersmanager.testing import PluginContract
from usersmanager.testing.contracts import sharing
from usersmanager_headers import Headers
from usersmanager_logging import Logging
from usersmanager_retry import Retry


class TestRetry(PluginContract):
    def plugin(self) -> Retry:
        return Retry()


class TestHeaders(PluginContract):
    def plugin(self) -> Headers:
        return Headers(lambda request: {"X-Attempt": str(request.attempt)})


class TestLogging(PluginContract):
    def plugin(self) -> Logging:
        return Logging()


class Correct:
    """A plugin without a mistake, to derive others from."""

    @hookimpl
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        return self.wrap(request, proceed)

    def wrap(self, request: Request, proceed: Proceed) -> Flow[Response]:
        return (yield from proceed(request))


class SharesOneCache(Correct):
    cached: Response | None = None

    def wrap(self, request: Request, proceed: Proceed) -> Flow[Response]:
        if self.cached is None:
            self.cached = yield from proceed(request)
        return self.cached


class SwallowsInterruptions(Correct):
    def wrap(self, request: Request, proceed: Proceed) -> Flow[Response]:
        try:
            return (yield from proceed(request))
        except BaseException:
            return (yield from proceed(request))


class SwallowsErrors(Correct):
    def wrap(self, request: Request, proceed: Proceed) -> Flow[Response]:
        try:
            return (yield from proceed(request))
        except Exception:
            return Response(401)


class RepeatsEverything(Correct):
    def wrap(self, request: Request, proceed: Proceed) -> Flow[Response]:
        try:
            return (yield from proceed(request))
        except Exception:
            return (yield from proceed(request))


class KeepsRequests(Correct):
    def __init__(self) -> None:
        self.kept: list[Request] = []

    def wrap(self, request: Request, proceed: Proceed) -> Flow[Response]:
        self.kept.append(request)
        return (yield from proceed(request))


class KeepsTokens(Correct):
    def __init__(self) -> None:
        self.kept: list[str] = []

    def wrap(self, request: Request, proceed: Proceed) -> Flow[Response]:
        self.kept.append(request.token.reveal())
        return (yield from proceed(request))


class ExpectsAResponse(Correct):
    @hookimpl
    def usersmanager_done(self, response: Response) -> None:
        assert response.status


class KeepsTheCurrentRequest(Correct):
    def wrap(self, request: Request, proceed: Proceed) -> Flow[Response]:
        self.current = request
        yield from proceed(request)
        return (yield from proceed(self.current))


class HoldsALock(Correct):
    locks: ClassVar[list[threading.Lock]] = []

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.locks.append(self.lock)

    def wrap(self, request: Request, proceed: Proceed) -> Flow[Response]:
        with self.lock:
            return (yield from proceed(request))


class CachesByTokenAlone(Correct):
    def __init__(self) -> None:
        self.responses: dict[int, Response] = {}

    def wrap(self, request: Request, proceed: Proceed) -> Flow[Response]:
        key = hash(request.token.reveal())
        if key not in self.responses:
            self.responses[key] = yield from proceed(request)
        return self.responses[key]


class KeepsAnEventLoop(Correct):
    loop: asyncio.AbstractEventLoop | None = None

    def wrap(self, request: Request, proceed: Proceed) -> Flow[Response]:
        yield from run(sync=lambda: None, async_=self.wait)
        return (yield from proceed(request))

    async def wait(self) -> None:
        self.loop = self.loop or asyncio.get_running_loop()
        self.loop.call_soon(lambda: None)


class ClosesForGood(Correct):
    is_closed = False

    def wrap(self, request: Request, proceed: Proceed) -> Flow[Response]:
        if self.is_closed:
            raise ValueError("I/O operation on closed file")
        return (yield from proceed(request))

    @hookimpl
    def usersmanager_close(self) -> None:
        self.is_closed = True


class ClosesForGoodInAsyncioAlone(ClosesForGood):
    @hookimpl
    async def usersmanager_aclose(self) -> None:
        self.is_closed = True

    @hookimpl
    def usersmanager_close(self) -> None:
        pass


class ClosesWhatACallOpened(Correct):
    def wrap(self, request: Request, proceed: Proceed) -> Flow[Response]:
        self.file = io.StringIO()
        return (yield from proceed(request))

    @hookimpl
    def usersmanager_close(self) -> None:
        self.file.close()


class LeavesAThread(Correct):
    end = threading.Event()

    def wrap(self, request: Request, proceed: Proceed) -> Flow[Response]:
        threading.Thread(target=self.end.wait, daemon=True).start()
        return (yield from proceed(request))


class LeavesATask(Correct):
    def wrap(self, request: Request, proceed: Proceed) -> Flow[Response]:
        yield from run(sync=lambda: None, async_=self.start)
        return (yield from proceed(request))

    async def start(self) -> None:
        self.task = asyncio.create_task(asyncio.Event().wait())


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a broken plugin fail soon, and end what it leaves behind."""
    monkeypatch.setattr(sharing, "_LIMIT", 0.3)
    monkeypatch.setattr(sharing, "_ENDING", 0.1)
    threads = set(threading.enumerate())
    yield
    LeavesAThread.end.set()
    for thread in set(threading.enumerate()) - threads:
        while thread.is_alive():
            for lock in (lock for lock in HoldsALock.locks if lock.locked()):
                lock.release()
            thread.join(0.01)
    LeavesAThread.end.clear()
    HoldsALock.locks.clear()


def contract_of(plugin: type) -> PluginContract:
    class Contract(PluginContract):
        def plugin(self) -> object:
            return plugin()

    return Contract()


def test_a_plugin_without_a_mistake_passes() -> None:
    contract = contract_of(Correct)
    for name in dir(contract):
        if name.startswith("test_"):
            getattr(contract, name)()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("plugin", "test", "rule"),
    [
        (SharesOneCache, "every_user_gets_their_own_profile", "another user's profile"),
        (SharesOneCache, "a_link_is_never_given_out_twice", "the link that was made for it"),
        (SwallowsInterruptions, "an_interruption_is_not_swallowed", "after KeyboardInterrupt"),
        (SwallowsInterruptions, "its_flow_ends_when_it_is_closed", "ignored GeneratorExit"),
        (SwallowsErrors, "transport_errors_pass_through_in_both_modes", "not hide"),
        (
            RepeatsEverything,
            "an_impersonation_that_may_have_been_processed_is_not_repeated",
            "not repeat",
        ),
        (KeepsRequests, "it_holds_no_call_and_shows_no_token_afterwards", "not keep a call"),
        (KeepsTokens, "it_holds_no_call_and_shows_no_token_afterwards", "not keep a token"),
        (ExpectsAResponse, "transport_errors_pass_through_in_both_modes", "not hide"),
        (KeepsTheCurrentRequest, "threads_can_share_it", "keep the calls of threads apart"),
        (KeepsTheCurrentRequest, "tasks_can_share_it", "keep the calls of tasks apart"),
        (HoldsALock, "tasks_can_share_it", "no lock across `yield from`"),
        (CachesByTokenAlone, "two_managers_can_share_it", "the server of another one"),
        (KeepsAnEventLoop, "a_sync_manager_and_two_event_loops_can_share_it", "an event loop"),
        (ClosesForGood, "closing_one_manager_leaves_another_usable", "work on after the close"),
        (
            ClosesForGoodInAsyncioAlone,
            "closing_one_manager_leaves_another_usable",
            "work on after the close",
        ),
        (ClosesWhatACallOpened, "it_can_be_closed_without_a_call", "must not raise"),
        (LeavesAThread, "it_leaves_no_thread_and_no_task", "end the threads and tasks"),
        (LeavesATask, "it_leaves_no_thread_and_no_task", "end the threads and tasks"),
    ],
)
def test_a_plugin_with_a_mistake_fails_the_test_for_it(plugin: type, test: str, rule: str) -> None:
    with pytest.raises(Exception, match=re.escape(rule)):
        getattr(contract_of(plugin), f"test_{test}")()
