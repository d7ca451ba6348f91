"""Signal handlers that raise, and the garbage collector, at any moment of a SingleFlight."""

from __future__ import annotations

import asyncio
import linecache
import queue
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.flow.by_hand import Call, Ended, act, driven_by_hand
from tests.flow.flights import LIMIT, Gate, Shared, eventually, joined
from tests.isolation.interrupting import guarded, interrupt_after, interrupt_when
from tests.isolation.moments import LineRecorder, Moment, Recorder, ReturnRecorder, SoftTimeLimit
from tests.support import TENANT

import usersmanager
from usersmanager import AsyncUsersManager, DisconnectedError, Request, Response, UsersManager
from usersmanager._flow.sync_driver import drive
from usersmanager.plugins import SingleFlight
from usersmanager.transports import Deadline

FLOW = Path(usersmanager.__file__).parent / "_flow"
NAMES = ("flights", "outcome", "single_flight", "sync_driver", "waiter")
FILES = {
    *(str(FLOW / f"{name}.py") for name in NAMES),
    *(str(module.__file__) for module in (queue, threading)),  # Locks that are written in Python.
}
RECORDERS = [LineRecorder, ReturnRecorder]


class _Transport:
    """Lets other calls join while it sends, and then returns or raises `outcome`."""

    def __init__(self, join: Callable[[], object], outcome: Any) -> None:
        self._join = join
        self._outcome = outcome

    def send(self, request: Request) -> Any:
        self._join()
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        return self._outcome

    def close(self) -> None: ...


class Play:
    """One call acts, driven by the sync driver, and two wait."""

    def __init__(self, outcome: Any) -> None:
        self.flight = SingleFlight()
        self.calls: list[Call] = []
        self.first: Ended | None = None
        self._outcome = outcome

    def _join(self) -> None:
        self.calls += [Call(self.flight) for _ in range(2)]

    def run(self) -> None:
        Call.running = -1
        transport = _Transport(self._join, self._outcome)
        try:
            flow = self.flight.run("key", act)
            self.first = Ended(result=drive(flow, transport, Deadline.after(10)))
        except BaseException as error:
            self.first = Ended(error=error)

    def finish(self) -> None:
        """Drive the calls that wait as long as one can go on."""
        while ready := [call for call in self.calls if call.is_ready or call.acts]:
            for call in ready:
                call.send("second") if call.acts else call.resume()


def play(recorder: Recorder, outcome: Any) -> Play:
    with driven_by_hand():
        one = Play(outcome)
        with recorder:
            one.run()
            one.finish()
        one.finish()
        return one


OUTCOMES: dict[str, Callable[[], Any]] = {
    "a result": lambda: "first",
    "a shared error": lambda: DisconnectedError("gone"),
    "an error of its own": lambda: KeyError("own"),
}


def is_proper(ended: Ended | None, interruption: BaseException, outcome: Any) -> bool:
    assert ended is not None, "it waits for ever"
    if ended.error is None:
        return ended.result in ("first", "second")
    return ended.error is interruption or type(ended.error) is type(outcome)


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("recorder", RECORDERS)
def test_an_interruption_at_any_moment_harms_no_other_call(
    recorder: type[Recorder], outcome: str
) -> None:
    make = OUTCOMES[outcome]
    recording = recorder()
    play(recording, make())
    moments = [
        moment
        for moment in recording.moments
        if moment.file in FILES and recorder.is_possible(moment) and not _is_try(moment)
    ]
    assert len(moments) > 30

    def interrupt_at_every_moment() -> None:
        for moment in moments:
            _interrupt(recorder(at=moment), make(), moment)

    guarded(interrupt_at_every_moment, 3 * LIMIT)


def _is_try(moment: Moment) -> bool:
    """Whether nothing happens there that lets Python run signal handlers."""
    return linecache.getline(moment.file, moment.line).strip() == "try:"


def _interrupt(recorder: Recorder, outcome: Any, moment: Moment) -> None:
    one = play(recorder, outcome)
    assert recorder.raised, moment
    ends = [one.first, *(call.ended for call in one.calls)]
    assert all(is_proper(end, recorder.error, outcome) for end in ends), moment
    assert sum(end is not None and end.error is recorder.error for end in ends) <= 1, moment
    # Not even an interrupted call, whose traceback is kept, holds up a newcomer.
    with driven_by_hand():
        newcomer = Call(one.flight)
        assert newcomer.acts, moment
        newcomer.close()
    assert one.flight._flights._open == {}, moment


class Collector(LineRecorder):
    """Does something in the middle of a call, as the garbage collector does."""

    def __init__(self, at: Moment | None = None, work: Callable[[], object] = bool) -> None:
        super().__init__(at)
        self._work = work

    def _visit(self, frame: Any, event: str, *, is_first: bool) -> None:
        place = (frame.f_code.co_filename, frame.f_lineno, event)
        self._visits[place] += 1
        moment = Moment(*place, self._visits[place])
        if self.at is None:
            self.moments.append(moment)
        elif moment == self.at:
            self.raised = True
            self._work()


OPERATIONS: dict[str, Callable[[SingleFlight, list[Call]], object]] = {
    "a call joins": lambda flight, calls: calls.append(Call(flight)),
    "a call that waits ends": lambda flight, calls: calls[3].close(),
    "the call that acts returns": lambda flight, calls: calls[0].send("first"),
    "the call that acts fails": lambda flight, calls: calls[0].throw(KeyError()),
    "the key is forgotten": lambda flight, calls: flight.forget("key"),
}


def collect_during(operation: str, collector: Collector, victims: tuple[int, ...]) -> None:
    with driven_by_hand():
        flight = SingleFlight()
        calls: list[Call] = []
        calls += [Call(flight) for _ in range(4)]

        def collect() -> None:
            running = Call.running
            for victim in victims:
                calls[victim].close()
            Call.running = running

        collector._work = collect
        with collector:
            OPERATIONS[operation](flight, calls)
        while ready := [call for call in calls if call.is_ready or call.acts]:
            for call in ready:
                call.send("second") if call.acts else call.resume()
        assert all(call.ended is not None for call in calls), collector.at
        assert flight._flights._open == {}, collector.at


@pytest.mark.parametrize("victims", [(1,), (1, 2), (0,), (0, 1)], ids=str)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_flows_that_are_collected_at_any_moment_block_no_other_call(
    operation: str, victims: tuple[int, ...]
) -> None:
    if 0 in victims and "that acts" in operation:
        victims = (2,)  # A flow that runs is not collected.

    def collect_at_every_moment() -> None:
        recording = Collector()
        collect_during(operation, recording, ())
        moments = [moment for moment in recording.moments if moment.file in FILES]
        assert len(moments) > 2
        for moment in moments:
            collector = Collector(moment)
            collect_during(operation, collector, victims)
            assert collector.raised

    guarded(collect_at_every_moment, 3 * LIMIT)


# Signals.


class Team:
    """A sync manager for the main thread and one for others, which share a plugin."""

    def __init__(self) -> None:
        self.gate = Gate()
        self.plugin = Shared()
        self.threads: list[threading.Thread] = []
        self.subjects: list[str] = []

    def _settings(self) -> dict[str, Any]:
        return {"transport": self.gate, "plugins": [self.plugin], "discover": False}

    def call(self) -> Any:
        with UsersManager(TENANT, **self._settings()) as users:
            return users.get_info("t", timeout=LIMIT)

    async def _call_async(self) -> Any:
        async with AsyncUsersManager(TENANT, **self._settings()) as users:
            return await users.get_info("t", timeout=LIMIT)

    def call_async(self) -> Any:
        return asyncio.run(self._call_async())

    def start(self) -> None:
        thread = threading.Thread(target=lambda: self.subjects.append(self.call().sub))
        self.threads.append(thread)
        thread.start()

    def wait_for(self, calls: int) -> None:
        """Wait until so many calls have joined the flight."""
        eventually(lambda: joined(self.plugin.flight) == calls)

    def finish(self) -> None:
        for thread in self.threads:
            thread.join(LIMIT)
        assert self.subjects == ["u"] * len(self.threads)
        assert self.plugin.flight._flights._open == {}


@pytest.fixture
def team() -> Iterator[Team]:
    assert threading.current_thread() is threading.main_thread()
    team = Team()
    yield team
    team.finish()


@pytest.mark.parametrize("call", [Team.call, Team.call_async])
@pytest.mark.parametrize("error", [KeyboardInterrupt, SoftTimeLimit])
def test_a_signal_ends_the_wait_of_a_call_and_harms_no_other(
    team: Team, error: type[BaseException], call: Callable[[Team], Any]
) -> None:
    team.start()
    request = team.gate.next()
    team.start()
    team.wait_for(2)
    raised = error()
    ended = interrupt_when(lambda: team.wait_for(3), lambda: call(team), raised)
    assert ended.error is raised
    assert joined(team.plugin.flight) == 2
    request.respond()
    team.finish()
    assert len(team.gate.requests) == 1


@pytest.mark.parametrize("call", [Team.call, Team.call_async])
@pytest.mark.parametrize("error", [KeyboardInterrupt, SoftTimeLimit])
def test_the_next_call_acts_if_a_signal_interrupts_the_one_that_acts(
    team: Team, error: type[BaseException], call: Callable[[Team], Any]
) -> None:
    def start_others() -> None:
        team.gate.next()
        for _ in range(2):
            team.start()
        team.gate.next().respond()

    other = threading.Thread(target=start_others)
    other.start()
    raised = error()
    ended = interrupt_when(lambda: team.wait_for(3), lambda: call(team), raised)
    assert ended.error is raised
    other.join(LIMIT)
    team.finish()
    assert len(team.gate.requests) == 2


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_signals_at_random_moments_leave_no_thread_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: None)

    class Slow:
        def send(self, request: Request) -> Response:
            time.sleep(0.002)
            return Response(200, {"Content-Type": "application/json"}, b'{"sub": "u"}')

        def close(self) -> None: ...

    plugin = Shared()
    users = UsersManager(TENANT, transport=Slow(), plugins=[plugin], discover=False)
    stopping = threading.Event()
    wrong: list[BaseException] = []

    def work() -> None:
        while not stopping.is_set():
            try:
                users.get_info("t", timeout=LIMIT / 2)
            except BaseException as error:
                wrong.append(error)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    chance = random.Random(1)
    struck = 0
    latest = time.monotonic() + 60.0
    # How many signals strike during their call depends on the machine.
    while struck < 200 and time.monotonic() < latest:
        error = SoftTimeLimit()
        ended, _ = interrupt_after(
            chance.uniform(0.0001, 0.004), lambda: users.get_info("t", timeout=LIMIT / 2), error
        )
        struck += ended.error is error
    stopping.set()
    for worker in workers:
        worker.join(LIMIT)
    users.close()
    assert wrong == []
    assert struck == 200
    eventually(lambda: plugin.flight._flights._open == {})
