"""An exception that interrupts a call passes through it at once, and harms no other call.

Job runners raise theirs from a signal handler, test tools from a blocked socket. Such an exception
is an `Exception`, and no error of the network.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import logging
import random
import signal
import socket
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pytest
from tests.descriptors import count_descriptors, settled_descriptors
from tests.isolation.interrupting import (
    ASYNC,
    SYNC,
    TRANSPORTS,
    Ended,
    HangError,
    answer_to,
    arguments_of,
    attempt,
    call,
    guarded,
    interrupt_after,
    is_answer_for,
    make_manager,
    problems_of,
    serving,
    shown_by,
    subject_of,
    token_of,
)
from tests.isolation.moments import (
    CARRIERS,
    LineRecorder,
    Moment,
    Recorder,
    ReturnRecorder,
    SoftTimeLimit,
)
from tests.support import freeze_existing_objects

from usersmanager import TransportError, UsersManager
from usersmanager.testing import FaultServer, Peer
from usersmanager.testing.contracts.scripts import unreachable_server

# An interruption between the making of a socket and its `try` leaves it to the garbage collector,
# which closes it, with a warning.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

DEADLINE = 2.0
"""Seconds for a call."""

AT_ONCE = 1.5
"""Seconds within which a call ends that waits for nothing, even on a loaded machine."""

SLOW_ENOUGH = 12
"""After so many interruptions that cost a whole deadline, the rest would take too long."""


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[BaseException | None]:
    """Exceptions raised where nobody can catch them: in `__del__`, in callbacks of a loop."""
    reported: list[BaseException | None] = []

    def report(unraisable: Any) -> None:
        reported.append(unraisable.exc_value)

    monkeypatch.setattr(sys, "unraisablehook", report)
    return reported


class Attempts(logging.Handler):
    """Counts the attempts that the logging plugin records."""

    def __init__(self) -> None:
        super().__init__()
        self.made = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.made += record.name == "usersmanager.attempt"


@contextlib.contextmanager
def logging_at(level: int, *handlers: logging.Handler) -> Iterator[None]:
    """Pass what the library logs to these handlers alone."""
    logger = logging.getLogger("usersmanager")
    before = logger.level, logger.propagate
    logger.setLevel(level)
    logger.propagate = False
    for handler in handlers:
        logger.addHandler(handler)
    yield
    for handler in handlers:
        logger.removeHandler(handler)
    logger.setLevel(before[0])
    logger.propagate = before[1]


@pytest.fixture
def attempts() -> Iterator[Attempts]:
    handler = Attempts()
    with logging_at(logging.DEBUG, handler):
        yield handler


@pytest.fixture
def quiet() -> Iterator[None]:
    """Log nothing: a signal can leave the lock of a log handler held, which is not ours."""
    with logging_at(logging.CRITICAL):
        yield


@pytest.fixture
def main_thread() -> None:
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("Python runs signal handlers in the main thread alone")
    if not hasattr(signal, "setitimer"):
        pytest.skip("this system has no interval timers")


# At every moment of a call.


class SyncClient:
    """A sync manager that is made anew for each interrupted call.

    Attributes:
        reported: exceptions raised where nobody can catch them.
    """

    def __init__(self, make: Callable[[], Any], reported: list[BaseException | None]) -> None:
        self._make = make
        self.reported = reported

    def open(self) -> None:
        self._manager = self._make()

    def call(self, operation: str, subject: str) -> Any:
        return call(self._manager, operation, subject, timeout=DEADLINE)

    def close(self) -> None:
        self._manager.close()

    def end(self) -> None: ...


class AsyncClient:
    """An async manager that is made anew for each interrupted call, in one event loop."""

    def __init__(self, make: Callable[[], Any], reported: list[BaseException | None]) -> None:
        self._make = make
        self.reported = reported
        self._runner = asyncio.Runner()
        self._runner.get_loop().set_exception_handler(
            lambda loop, context: reported.append(context.get("exception"))
        )

    def open(self) -> None:
        self._runner.run(self._open())

    async def _open(self) -> None:
        self._manager = self._make()

    def call(self, operation: str, subject: str) -> Any:
        return self._runner.run(self._call(operation, subject))

    async def _call(self, operation: str, subject: str) -> Any:
        task = asyncio.ensure_future(call(self._manager, operation, subject, timeout=DEADLINE))
        ended, _ = await asyncio.wait([task], timeout=DEADLINE + AT_ONCE)
        if not ended:
            task.cancel()
            await asyncio.wait([task], timeout=DEADLINE)
            raise HangError
        await _settle()
        return task.result()

    def close(self) -> None:
        self._runner.run(self._close())

    async def _close(self) -> None:
        await self._manager.aclose()
        await _settle()

    def end(self) -> None:
        self._runner.close()


async def _settle() -> None:
    """Let the loop run the callbacks of a connection that has just been closed."""
    for _ in range(3):
        await asyncio.sleep(0)


class Scenario(NamedTuple):
    """What is interrupted.

    Attributes:
        transport: a name.
        operation: of the manager.
        is_warm: whether there is an idle connection.
        is_tls: whether the server speaks TLS.
        is_whole: False for the transport's part of the call alone.
    """

    transport: str
    operation: str
    is_warm: bool
    is_tls: bool
    is_whole: bool

    def __str__(self) -> str:
        connection = "warm" if self.is_warm else "fresh"
        return f"{self.transport}-{self.operation}-{connection}{'-tls' if self.is_tls else ''}"


SCENARIOS = [
    Scenario(name, operation, is_warm=is_warm, is_tls=is_tls, is_whole=is_whole)
    for name in TRANSPORTS
    for operation, is_warm, is_tls, is_whole in (
        ("get_info", False, False, True),
        ("get_info", True, False, False),
        ("get_info", False, True, False),
        ("impersonate", True, False, True),
    )
]


class Interruptions:
    """Interrupt call after call, each at another moment, and record what is wrong afterwards.

    Attributes:
        problems: what was wrong, and the moments after which it was.
        unheard: moments after which a call ended with an error of its own, or at its deadline,
            since only the event loop knew of the exception.
        missed: how many moments did not come again.
        slow: how many interruptions took as long as a deadline.
    """

    def __init__(
        self,
        scenario: Scenario,
        client: SyncClient | AsyncClient,
        recorder: type[Recorder],
        attempts: Attempts,
    ) -> None:
        self._scenario = scenario
        self._client = client
        self._recorder = recorder
        self._attempts = attempts
        self._plays = 0
        self._moments: dict[str, Moment | None] = {}
        self._found: list[str] = []
        self.problems: defaultdict[str, list[object]] = defaultdict(list)
        self.unheard: list[Moment] = []
        self.missed = 0
        self.slow = 0

    def record(self) -> list[Moment]:
        """Return the moments of a call: two visits of each place."""
        for _ in range(3):  # By the last one, everything is imported and cached.
            recorder = self._recorder()
            self._play(recorder)
            assert not self._found, self._found
        moments = [
            moment
            for moment in recorder.moments
            if moment.visit <= 2 and recorder.is_possible(moment)
        ]
        return moments if self._scenario.is_whole else _transport_part(moments)

    def interrupt_at(self, moment: Moment) -> None:
        """Interrupt a call, make another one, and look for what is still open."""
        started = time.monotonic()
        recorder = self._recorder(at=moment)
        try:
            guarded(lambda: self._play(recorder))
        except HangError:
            self._found.append("something hangs for ever")
        for problem in self._found:
            self.problems[problem].append(moment)
        self._found = []
        self.missed += not recorder.raised
        self.slow += time.monotonic() - started > DEADLINE

    def _play(self, recorder: Recorder) -> None:
        descriptors = count_descriptors()
        self._plays += 1
        self._client.reported.clear()
        self._client.open()
        try:
            if self._scenario.is_warm:
                self._client.call("get_info", f"{self._plays}.earlier")
            self._interrupt(recorder, f"{self._plays}.interrupted")
            self._call_again(recorder, f"{self._plays}.next")
        finally:
            self._client.close()
        # Its traceback may hold what was open then.
        recorder.error.with_traceback(None).__context__ = None
        left = settled_descriptors(descriptors) - descriptors
        if left > 0:
            self._found.append("descriptors are left open")

    def _interrupt(self, recorder: Recorder, subject: str) -> None:
        self._moments[subject] = recorder.at

        def work() -> Any:
            with recorder:
                return self._client.call(self._scenario.operation, subject)

        attempts = self._attempts.made
        ended = attempt(work)
        attempts = self._attempts.made - attempts
        if recorder.at is not None and self._is_unheard(recorder, ended):
            self.unheard.append(recorder.at)
            return
        self._found += problems_of(
            ended,
            subject,
            recorder.error,
            raised=recorder.raised,
            reported=self._client.reported,
        )
        # Had it come after the response, nothing would be wrong with a result.
        if recorder.callback == "connection_made" and ended.error is None and attempts == 1:
            self._found.append("it used a connection whose connection_made had failed")

    def _is_unheard(self, recorder: Recorder, ended: Ended) -> bool:
        return (
            recorder.is_unheard
            and recorder.error in self._client.reported
            and (ended.error is None or isinstance(ended.error, TransportError))
        )

    def _call_again(self, recorder: Recorder, subject: str) -> None:
        self._moments[subject] = recorder.at
        started = time.monotonic()
        ended = attempt(lambda: self._client.call("get_info", subject))
        if not is_answer_for(subject, ended.result):
            self._found.append(f"the next call ended with {ended}")
        elif time.monotonic() - started > AT_ONCE:
            self._found.append("the next call had to wait")

    def check_requests(self, requests: list[bytes]) -> None:
        """Check that no interrupted call was repeated, and that none after it had to be."""
        for subject, count in Counter(map(subject_of, requests)).items():
            if count > 1:
                kind = subject.partition(".")[2]
                self.problems[f"{count} requests for the {kind} call"].append(
                    self._moments[subject]
                )


def _transport_part(moments: list[Moment]) -> list[Moment]:
    inside = [index for index, one in enumerate(moments) if one.file.startswith(CARRIERS)]
    return moments[inside[0] : inside[-1] + 1]


def _check(problems: Mapping[str, Sequence[object]]) -> None:
    """Fail with every problem, and the moments after which it occurred."""
    lines = [
        f"{len(places)} times {problem}:\n    " + "\n    ".join(map(str, places))
        for problem, places in problems.items()
    ]
    if lines:
        pytest.fail("\n".join(lines), pytrace=False)


@pytest.mark.slow
@pytest.mark.parametrize("recorder", [LineRecorder, ReturnRecorder])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_an_exception_at_any_moment_passes_through_and_harms_no_other_call(
    scenario: Scenario,
    recorder: type[Recorder],
    attempts: Attempts,
    reported: list[BaseException | None],
) -> None:
    make_client = SyncClient if scenario.transport in SYNC else AsyncClient
    freeze_existing_objects()
    with serving(is_tls=scenario.is_tls) as server:
        client = make_client(
            lambda: make_manager(scenario.transport, server.origin, is_tls=scenario.is_tls),
            reported,
        )
        interruptions = Interruptions(scenario, client, recorder, attempts)
        moments = interruptions.record()
        for moment in moments:
            interruptions.interrupt_at(moment)
            if interruptions.slow >= SLOW_ENOUGH:
                break
        client.end()
    interruptions.check_requests(server.requests)
    _check(interruptions.problems)
    # A callback's first line: connection_made, connection_lost, a timer.
    if len(interruptions.unheard) > 4:
        _check({"nobody heard of the exception": interruptions.unheard})
    assert interruptions.missed <= len(moments) // 20, "the calls are not alike"


# Signals.


def _harm_to(users: UsersManager, subject: str) -> list[str]:
    """Return what is wrong with a call in another thread, and with closing its manager."""
    ends: list[Ended] = []
    started = time.monotonic()
    try:
        guarded(lambda: ends.append(attempt(lambda: call(users, "get_info", subject))))
        took = time.monotonic() - started
        guarded(users.close)
    except HangError:
        return ["the next call, or the close after it, hangs for ever"]
    if not is_answer_for(subject, ends[0].result):
        return [f"the next call ended with {ends[0]}"]
    return ["the next call had to wait"] if took > AT_ONCE else []


@pytest.mark.slow
@pytest.mark.parametrize("operation", ["get_info", "impersonate"])
@pytest.mark.parametrize("name", SYNC)
@pytest.mark.usefixtures("main_thread", "quiet")
def test_a_signal_at_a_random_moment_passes_through_and_harms_no_other_call(
    name: str, operation: str, reported: list[BaseException | None]
) -> None:
    chance = random.Random(f"{name} {operation}")
    problems: defaultdict[str, list[object]] = defaultdict(list)
    struck = slow = 0
    freeze_existing_objects()
    with serving() as server:
        span = _duration(name, server.origin, operation)
        latest = time.monotonic() + 120.0
        # How many signals strike during their call depends on the machine.
        for number in itertools.count():
            if struck == 100 or time.monotonic() > latest:
                break
            started, descriptors = time.monotonic(), count_descriptors()
            error = SoftTimeLimit(number)
            users = make_manager(name, server.origin, timeout=DEADLINE)
            if number % 2:
                call(users, "get_info", f"{number}.earlier")
            subject = f"{number}.interrupted"
            ended, raised = interrupt_after(
                chance.uniform(0.00002, span),
                lambda users=users, subject=subject: call(users, operation, subject),
                error,
            )
            struck += ended.error is error
            found = problems_of(ended, subject, error, raised=raised, reported=reported)
            found += _harm_to(users, f"{number}.next")
            error.with_traceback(None).__context__ = None
            left = settled_descriptors(descriptors) - descriptors
            found += ["descriptors are left open"] if left > 0 else []
            for problem in found:
                problems[problem].append(f"call {number}")
            slow += time.monotonic() - started > DEADLINE
            if slow >= SLOW_ENOUGH:
                break
    for subject, count in Counter(map(subject_of, server.requests)).items():
        if count > 1:
            problems[f"{count} requests"].append(subject)
    _check(problems)
    assert struck == 100


def _duration(name: str, origin: str, operation: str) -> float:
    """Return the seconds that a call with a new connection takes."""
    durations = []
    for number in range(20):
        with make_manager(name, origin) as users:
            started = time.perf_counter()
            call(users, operation, f"{number}.measured")
            durations.append(time.perf_counter() - started)
    return sorted(durations)[10]


@pytest.mark.slow
@pytest.mark.parametrize("name", SYNC)
@pytest.mark.usefixtures("main_thread", "quiet", "reported")
def test_an_interrupted_call_leaves_no_other_thread_waiting(name: str) -> None:
    def slow_answer(peer: Peer) -> None:
        while request := peer.request():
            peer.stall(0.002)
            peer.send(answer_to(request))

    ends: list[tuple[str, Ended]] = []
    stopping = threading.Event()
    with FaultServer(otherwise=slow_answer) as server:
        users = make_manager(name, server.origin, pool_size=2, timeout=5)

        def work(worker: int) -> None:
            for number in range(100_000):
                if stopping.is_set():
                    return
                subject = f"{worker}.{number}"
                work_once = functools.partial(call, users, "get_info", subject)
                ends.append((subject, attempt(work_once)))
                time.sleep(0.001)  # Else a pool that is not fair could let others starve.

        workers = [threading.Thread(target=work, args=[one], daemon=True) for one in range(4)]
        for worker in workers:
            worker.start()
        struck = _interrupt_often(users, random.Random(name))
        stopping.set()
        for worker in workers:
            worker.join(8)
        assert not any(worker.is_alive() for worker in workers), "some wait for ever"
        assert not _harm_to(users, "last")
    wrong = [ended for subject, ended in ends if not is_answer_for(subject, ended.result)]
    assert not wrong
    assert struck == 50


def _interrupt_often(users: UsersManager, chance: random.Random) -> int:
    """Interrupt calls until 50 signals have struck, and return how many have."""
    struck = 0
    latest = time.monotonic() + 60.0
    # How many signals strike during their call depends on the machine.
    for number in itertools.count():
        error = SoftTimeLimit(number)
        ended, _ = interrupt_after(
            chance.uniform(0.0001, 0.008),
            lambda number=number: call(users, "get_info", f"main.{number}"),
            error,
        )
        struck += ended.error is error
        is_over = struck == 50 or time.monotonic() > latest
        if is_over or isinstance(ended.error, HangError):
            break
    return struck


# Signals while a call waits.


def silent(peer: Peer) -> None:
    peer.request()
    peer.stall()


def mute(peer: Peer) -> None:
    peer.receive()
    peer.stall()


def overloaded(peer: Peer) -> None:
    while peer.request():
        peer.send(
            b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 4\r\nContent-Length: 0\r\n\r\n"
        )


@contextlib.contextmanager
def full_backlog() -> Iterator[str]:
    with unreachable_server() as server:
        yield server.origin


@contextlib.contextmanager
def playing(script: Callable[[Peer], None], scheme: str = "http:") -> Iterator[str]:
    with FaultServer(otherwise=script) as server:
        yield server.origin.replace("http:", scheme)
    assert len(server.requests) <= 1


WAITS: dict[str, Callable[[], contextlib.AbstractContextManager[str]]] = {
    "for the connection": full_backlog,
    "for the handshake": lambda: playing(mute, "https:"),
    "for the response": lambda: playing(silent),
    "for the next attempt": lambda: playing(overloaded),
}


@pytest.mark.parametrize(
    ("operation", "wait"),
    [
        *(("get_info", wait) for wait in WAITS),
        *(("impersonate", wait) for wait in WAITS if wait != "for the next attempt"),
    ],
)
@pytest.mark.parametrize("name", SYNC)
@pytest.mark.usefixtures("main_thread")
def test_a_signal_ends_a_wait_at_once(name: str, operation: str, wait: str) -> None:
    error = SoftTimeLimit()
    descriptors = count_descriptors()
    with WAITS[wait]() as origin, make_manager(name, origin, timeout=30) as users:
        started = time.monotonic()
        ended, _ = interrupt_after(0.1, lambda: call(users, operation, "ada"), error)
        took = time.monotonic() - started
    assert ended.error is error
    assert took < 0.1 + AT_ONCE
    assert not shown_by(error, token_of("ada"))
    error.with_traceback(None)
    assert settled_descriptors(descriptors) <= descriptors


@pytest.mark.parametrize("name", SYNC)
@pytest.mark.usefixtures("main_thread")
def test_a_signal_ends_a_wait_for_another_calls_connection_at_once(name: str) -> None:
    is_free, is_taken = threading.Event(), threading.Event()

    def hesitant(peer: Peer) -> None:
        while request := peer.request():
            is_taken.set()
            is_free.wait(10)
            peer.send(answer_to(request))

    error = SoftTimeLimit()
    ends: list[Ended] = []
    with FaultServer(otherwise=hesitant) as server:
        users = make_manager(name, server.origin, timeout=30)
        other = threading.Thread(
            target=lambda: ends.append(attempt(lambda: call(users, "get_info", "other"))),
            daemon=True,
        )
        other.start()
        assert is_taken.wait(5)
        started = time.monotonic()
        ended, _ = interrupt_after(0.1, lambda: call(users, "get_info", "ada"), error)
        took = time.monotonic() - started
        is_free.set()
        other.join(5)
        assert ended.error is error
        assert took < 0.1 + AT_ONCE
        assert not shown_by(error, token_of("ada"))
        assert is_answer_for("other", ends[0].result)
        assert not _harm_to(users, "next")


@pytest.mark.parametrize("name", SYNC)
@pytest.mark.usefixtures("main_thread")
def test_a_signal_ends_a_wait_for_a_host_name_at_once(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping = threading.Event()

    def slow(*arguments: Any, **options: Any) -> Any:
        stopping.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", arguments[1]))]

    error = SoftTimeLimit()
    with serving() as server:
        origin = server.origin.replace("127.0.0.1", "origin.example")
        with make_manager(name, origin, timeout=30) as users:
            monkeypatch.setattr(socket, "getaddrinfo", slow)
            started = time.monotonic()
            ended, _ = interrupt_after(0.1, lambda: call(users, "get_info", "ada"), error)
            took = time.monotonic() - started
            stopping.set()
            assert ended.error is error
            assert took < 0.1 + AT_ONCE
            assert not shown_by(error, token_of("ada"))
            assert is_answer_for("next", call(users, "get_info", "next"))


@pytest.mark.parametrize("name", ASYNC)
@pytest.mark.usefixtures("main_thread")
def test_a_signal_ends_an_event_loop_that_waits_for_a_response(name: str) -> None:
    error = SoftTimeLimit()
    descriptors = count_descriptors()

    async def main(origin: str) -> None:
        async with make_manager(name, origin, timeout=30) as users:
            await call(users, "get_info", "ada")

    with playing(silent) as origin:
        ended, _ = interrupt_after(0.2, lambda: asyncio.run(main(origin)), error)
    assert ended.error is error
    assert not shown_by(error, token_of("ada"))
    error.with_traceback(None)
    assert settled_descriptors(descriptors) <= descriptors


# Blocked sockets.


class SocketBlockedError(RuntimeError):
    """What pytest-socket raises."""


class Block:
    """Blocks sockets as pytest-socket does, in one of its ways.

    Attributes:
        raised: what was raised, in order.
    """

    def __init__(self, what: str) -> None:
        self.raised: list[SocketBlockedError] = []
        self._what = what

    def _refuse(self, *arguments: Any, **options: Any) -> Any:
        self.raised.append(SocketBlockedError("a test tried to use a socket"))
        raise self.raised[-1]

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        refuse = self._refuse

        class GuardedSocket(socket.socket):
            def __new__(cls, *arguments: Any, **options: Any) -> Any:
                refuse()

        if self._what == "socket":
            monkeypatch.setattr(socket, "socket", GuardedSocket)
        elif self._what == "connect":
            monkeypatch.setattr(socket.socket, "connect", refuse)
        else:
            monkeypatch.setattr(socket, "getaddrinfo", refuse)


def call_blocked(name: str, origin: str, operation: str, install: Callable[[], None]) -> Ended:
    """Make a call while sockets are blocked; return how it ended."""
    if name in SYNC:
        with make_manager(name, origin) as users:
            install()
            return attempt(lambda: call(users, operation, "ada"))

    async def main() -> Any:
        async with make_manager(name, origin) as users:
            install()
            return await call(users, operation, "ada")

    return attempt(lambda: asyncio.run(main()))


@pytest.mark.parametrize("operation", ["get_info", "impersonate"])
@pytest.mark.parametrize("what", ["socket", "connect", "getaddrinfo"])
@pytest.mark.parametrize("name", TRANSPORTS)
def test_the_error_of_a_blocked_socket_passes_through_after_one_attempt(
    name: str,
    what: str,
    operation: str,
    attempts: Attempts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    block = Block(what)
    descriptors = count_descriptors()
    with serving() as server, monkeypatch.context() as patches:
        host = "origin.example" if what == "getaddrinfo" else "127.0.0.1"
        origin = server.origin.replace("127.0.0.1", host)
        ended = call_blocked(name, origin, operation, lambda: block.install(patches))
        patches.undo()
    assert isinstance(ended.error, SocketBlockedError)
    assert [ended.error] == block.raised
    assert attempts.made == 1
    assert not shown_by(ended.error, token_of("ada"))
    assert not server.connections
    ended.error.with_traceback(None)
    assert settled_descriptors(descriptors) <= descriptors


# Transports of third parties.


class RaisingTransport:
    """A transport, sync and async, that raises."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def send(self, request: Any) -> Any:
        raise self.error

    def close(self) -> None: ...

    async def asend(self, request: Any) -> Any:
        raise self.error

    async def aclose(self) -> None: ...


ERRORS = [
    *(ValueError, RuntimeError, AssertionError, SoftTimeLimit),
    *(KeyboardInterrupt, SystemExit, asyncio.CancelledError),
]


@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("operation", ["get_info", "impersonate"])
def test_what_a_transport_raises_that_is_no_transport_error_passes_through(
    mode: Any, operation: str, kind: type[BaseException], attempts: Attempts
) -> None:
    error = kind("not for the library")
    calls = [(operation, arguments_of(operation, "ada"), {})]
    settings = {"base_url": "https://tenant.example", "transport": RaisingTransport(error)}
    ended = attempt(lambda: mode.calls(calls, **settings))
    assert ended.error is error
    assert attempts.made == 1
    assert not shown_by(error, token_of("ada"))
