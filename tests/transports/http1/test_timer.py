"""DeadlineTimer: one timer of the event loop for many exchanges, each with another deadline."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import weakref
from typing import Any

import pytest
from tests.transports.http1.waitless import Clock, WaitlessLoop

from usersmanager.transports.http1.timer import DeadlineTimer


class Exchanges:
    """Uses a timer, and records when it fires.

    Attributes:
        timer: the timer.
        moments: when it has fired, in seconds since the first use.
    """

    def __init__(self, loop: WaitlessLoop, clock: Clock) -> None:
        self.timer = DeadlineTimer(loop)
        self.moments: list[float] = []
        self._loop = loop
        self._clock = clock
        self._began = clock.now

    def start(self, seconds: float) -> None:
        self.timer.start(self._clock.now + seconds, self.record)

    def record(self) -> None:
        self.moments.append(self._clock.now - self._began)

    def wait(self, seconds: float = 100.0) -> None:
        """Let the event loop run; what it reports is an error."""
        errors: list[dict[str, Any]] = []
        self._loop.set_exception_handler(lambda loop, error: errors.append(error))
        self._loop.run_until_complete(asyncio.sleep(seconds))
        assert errors == []


@pytest.fixture
def exchanges(loop: WaitlessLoop, clock: Clock) -> Exchanges:
    return Exchanges(loop, clock)


def test_it_fires_once_at_the_deadline(exchanges: Exchanges) -> None:
    exchanges.start(5)
    exchanges.wait()
    assert exchanges.moments == [5]


def test_it_fires_at_once_if_the_deadline_has_passed(exchanges: Exchanges) -> None:
    exchanges.start(-1)
    exchanges.wait()
    assert exchanges.moments == [0]


@pytest.mark.parametrize(("first", "second"), [(2, 10), (10, 2), (5, 5)])
@pytest.mark.parametrize("pause", [0, 1])
def test_only_the_last_deadline_counts(
    exchanges: Exchanges, first: float, second: float, pause: float
) -> None:
    exchanges.start(first)
    exchanges.timer.stop()
    exchanges.wait(pause)
    exchanges.start(second)
    exchanges.wait()
    assert exchanges.moments == [pause + second]


def test_it_does_not_fire_once_stopped_or_closed(exchanges: Exchanges) -> None:
    for end in (exchanges.timer.stop, exchanges.timer.close):
        exchanges.start(2)
        end()
        exchanges.wait()
        assert exchanges.moments == []


def test_it_can_be_started_again_as_it_fires_and_after_that(exchanges: Exchanges) -> None:
    def start_again() -> None:
        exchanges.record()
        exchanges.start(2)

    exchanges.timer.start(1005, start_again)
    exchanges.wait()
    exchanges.start(3)
    exchanges.timer.stop()
    exchanges.wait()
    exchanges.start(4)
    exchanges.wait()
    assert exchanges.moments == [5, 7, 204]


@pytest.mark.parametrize(("early", "fires"), [(0.002, True), (0.003, False)])
def test_an_event_loop_may_fire_two_milliseconds_early(
    exchanges: Exchanges, loop: WaitlessLoop, clock: Clock, early: float, fires: bool
) -> None:
    clock.now, loop.early = 0.0, early
    exchanges.start(early)
    exchanges.wait(0)
    assert len(exchanges.moments) == fires
    loop.early = 0.0
    exchanges.wait()
    assert len(exchanges.moments) == 1


def test_many_exchanges_use_one_timer_of_the_event_loop(
    exchanges: Exchanges, loop: WaitlessLoop
) -> None:
    for seconds in [10, 10, *range(10, 100)]:
        exchanges.start(seconds)
        exchanges.timer.stop()
    assert len(loop.timers) == 1


def test_closing_it_cancels_the_timer_of_the_event_loop(
    exchanges: Exchanges, loop: WaitlessLoop
) -> None:
    exchanges.timer.close()
    exchanges.start(60)
    exchanges.start(50)
    exchanges.timer.close()
    assert [timer.cancelled() for timer in loop.timers] == [True, True]


def test_between_exchanges_it_keeps_no_connection_alive(loop: WaitlessLoop, clock: Clock) -> None:
    class Connection:
        def __init__(self) -> None:
            self.timer = DeadlineTimer(loop)

        def on_timeout(self) -> None: ...

    connection = Connection()
    reference = weakref.ref(connection)
    connection.timer.start(clock.now + 60, connection.on_timeout)
    connection.timer.stop()
    gc.disable()  # Only an object in no reference cycle is freed at once.
    try:
        del connection
        assert reference() is None
    finally:
        gc.enable()


def test_it_does_not_keep_the_context_of_a_call_alive(exchanges: Exchanges) -> None:
    class Session: ...

    variable: contextvars.ContextVar[Session] = contextvars.ContextVar("session")

    def call() -> weakref.ref[Session]:
        session = Session()
        variable.set(session)
        exchanges.start(60)
        exchanges.timer.stop()
        return weakref.ref(session)

    reference = contextvars.Context().run(call)
    gc.collect()
    assert reference() is None
