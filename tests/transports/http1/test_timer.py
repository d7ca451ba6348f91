"""DeadlineTimer: one timer for the exchanges of a connection, each with a deadline of its own."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import time
import weakref
from collections.abc import Callable
from typing import Any

from usersmanager.transports import DeadlineTimer


class CountingLoop(asyncio.SelectorEventLoop):
    """A loop that counts the timers it is asked for."""

    timers = 0

    def call_later(self, *args: object, **options: object) -> asyncio.TimerHandle:  # type: ignore[override] # All are passed on.
        self.timers += 1
        return super().call_later(*args, **options)  # type: ignore[arg-type] # As above.


def rings(scenario: Callable[[DeadlineTimer, list[float]], object], seconds: float) -> list[float]:
    """When the timer rang, in seconds since the scenario began."""

    async def main() -> list[float]:
        began, rung = time.monotonic(), list[float]()
        loop, failures = asyncio.get_running_loop(), list[dict[str, Any]]()
        loop.set_exception_handler(lambda loop, failure: failures.append(failure))
        timer = DeadlineTimer(loop)
        scenario(timer, rung)
        await asyncio.sleep(seconds)
        timer.close()
        assert failures == []
        return [moment - began for moment in rung]

    return asyncio.run(main())


def noting(rung: list[float]) -> Callable[[], None]:
    return lambda: rung.append(time.monotonic())


def test_it_rings_once_at_the_deadline() -> None:
    (moment,) = rings(
        lambda timer, rung: timer.start(time.monotonic() + 0.05, noting(rung)), seconds=0.2
    )
    assert 0.045 <= moment < 0.2


def test_a_later_deadline_takes_the_place_of_the_first() -> None:
    def scenario(timer: DeadlineTimer, rung: list[float]) -> None:
        timer.start(time.monotonic() + 0.02, noting(rung))
        timer.stop()
        timer.start(time.monotonic() + 0.1, noting(rung))

    (moment,) = rings(scenario, seconds=0.3)
    assert moment >= 0.095


def test_an_earlier_deadline_is_not_kept_waiting_by_a_later_one() -> None:
    def scenario(timer: DeadlineTimer, rung: list[float]) -> None:
        timer.start(time.monotonic() + 60, noting(rung))
        timer.stop()
        timer.start(time.monotonic() + 0.05, noting(rung))

    (moment,) = rings(scenario, seconds=0.2)
    assert moment < 0.2


def test_it_is_silent_once_stopped_or_closed() -> None:
    def stopped(timer: DeadlineTimer, rung: list[float]) -> None:
        timer.start(time.monotonic() + 0.02, noting(rung))
        timer.stop()

    def closed(timer: DeadlineTimer, rung: list[float]) -> None:
        timer.start(time.monotonic() + 0.02, noting(rung))
        timer.close()

    assert rings(stopped, seconds=0.05) == rings(closed, seconds=0.05) == []


def test_a_deadline_that_has_passed_rings_at_once() -> None:
    (moment,) = rings(
        lambda timer, rung: timer.start(time.monotonic() - 1, noting(rung)), seconds=0.1
    )
    assert moment < 0.1


def test_many_exchanges_take_one_timer_of_the_loop() -> None:
    async def main(loop: CountingLoop) -> None:
        timer = DeadlineTimer(loop)
        for number in range(100):
            timer.start(time.monotonic() + 10 + number, lambda: None)
            timer.stop()
        timer.close()

    loop = CountingLoop()
    try:
        loop.run_until_complete(main(loop))
    finally:
        loop.close()
    assert loop.timers == 1


def test_between_exchanges_it_keeps_no_connection_alive() -> None:
    class Connection:
        def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
            self.timer = DeadlineTimer(loop)

        def expired(self) -> None: ...

    async def main() -> None:
        connection = Connection(asyncio.get_running_loop())
        seen = weakref.ref(connection)
        connection.timer.start(time.monotonic() + 60, connection.expired)
        connection.timer.stop()
        gc.disable()  # What is freed now was in no cycle.
        try:
            del connection
            assert seen() is None
        finally:
            gc.enable()

    asyncio.run(main())


def test_it_keeps_nothing_of_the_context_of_the_call_that_started_it() -> None:
    class Session: ...

    variable: contextvars.ContextVar[Session] = contextvars.ContextVar("session")

    async def call(timer: DeadlineTimer) -> weakref.ref[Session]:
        session = Session()
        variable.set(session)
        timer.start(time.monotonic() + 60, lambda: None)
        timer.stop()
        return weakref.ref(session)

    async def main() -> None:
        timer = DeadlineTimer(asyncio.get_running_loop())
        seen = await asyncio.create_task(call(timer))
        await asyncio.sleep(0)
        gc.collect()
        assert seen() is None
        timer.close()

    asyncio.run(main())
