"""DeadlineTimer: one timer of the event loop for many exchanges, each with another deadline."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import time
import weakref
from collections.abc import Callable
from typing import Any

from usersmanager.transports.http1.timer import DeadlineTimer


class CountingLoop(asyncio.SelectorEventLoop):
    """An event loop that counts its timers."""

    timers = 0

    def call_later(self, *args: object, **options: object) -> asyncio.TimerHandle:  # type: ignore[override] # Any arguments are passed on.
        self.timers += 1
        return super().call_later(*args, **options)  # type: ignore[arg-type] # As above.


def fired(scenario: Callable[[DeadlineTimer, list[float]], object], seconds: float) -> list[float]:
    """Run a scenario for some seconds; return when the timer fired, in seconds since it began."""

    async def main() -> list[float]:
        began, moments = time.monotonic(), list[float]()
        loop, errors = asyncio.get_running_loop(), list[dict[str, Any]]()
        loop.set_exception_handler(lambda loop, error: errors.append(error))
        timer = DeadlineTimer(loop)
        scenario(timer, moments)
        await asyncio.sleep(seconds)
        timer.close()
        assert errors == []
        return [moment - began for moment in moments]

    return asyncio.run(main())


def recording(moments: list[float]) -> Callable[[], None]:
    return lambda: moments.append(time.monotonic())


def test_it_fires_once_at_the_deadline() -> None:
    (moment,) = fired(
        lambda timer, moments: timer.start(time.monotonic() + 0.05, recording(moments)), seconds=0.2
    )
    assert moment >= 0.045


def test_a_later_deadline_replaces_the_first() -> None:
    def scenario(timer: DeadlineTimer, moments: list[float]) -> None:
        timer.start(time.monotonic() + 0.02, recording(moments))
        timer.stop()
        timer.start(time.monotonic() + 0.1, recording(moments))

    (moment,) = fired(scenario, seconds=0.3)
    assert moment >= 0.095


def test_an_earlier_deadline_replaces_a_later_one() -> None:
    def scenario(timer: DeadlineTimer, moments: list[float]) -> None:
        timer.start(time.monotonic() + 60, recording(moments))
        timer.stop()
        timer.start(time.monotonic() + 0.05, recording(moments))

    assert len(fired(scenario, seconds=0.2)) == 1


def test_it_does_not_fire_once_stopped_or_closed() -> None:
    def stopped(timer: DeadlineTimer, moments: list[float]) -> None:
        timer.start(time.monotonic() + 0.02, recording(moments))
        timer.stop()

    def closed(timer: DeadlineTimer, moments: list[float]) -> None:
        timer.start(time.monotonic() + 0.02, recording(moments))
        timer.close()

    assert fired(stopped, seconds=0.05) == fired(closed, seconds=0.05) == []


def test_it_fires_at_once_if_the_deadline_has_passed() -> None:
    moments = fired(
        lambda timer, moments: timer.start(time.monotonic() - 1, recording(moments)), seconds=0.1
    )
    assert len(moments) == 1


def test_many_exchanges_use_one_timer_of_the_event_loop() -> None:
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

        def on_timeout(self) -> None: ...

    async def main() -> None:
        connection = Connection(asyncio.get_running_loop())
        reference = weakref.ref(connection)
        connection.timer.start(time.monotonic() + 60, connection.on_timeout)
        connection.timer.stop()
        gc.disable()  # Only an object in no reference cycle is freed at once.
        try:
            del connection
            assert reference() is None
        finally:
            gc.enable()

    asyncio.run(main())


def test_it_does_not_keep_the_context_of_a_call_alive() -> None:
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
        reference = await asyncio.create_task(call(timer))
        await asyncio.sleep(0)
        gc.collect()
        assert reference() is None
        timer.close()

    asyncio.run(main())
