"""The wait of a flow for another call, in both drivers."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from tests.loops import new_uvloop

from usersmanager import DeadlineExceededError
from usersmanager._flow.async_driver import drive_async
from usersmanager._flow.effects import Wait
from usersmanager._flow.sync_driver import drive
from usersmanager._flow.waiter import Waiter
from usersmanager.plugins import Flow
from usersmanager.testing import FakeTransport
from usersmanager.transports import Deadline

LONG = 30.0
Drive = Callable[..., Any]


LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": new_uvloop}


def drive_in_loop(flow: Any, deadline: Deadline, make_loop: Any) -> Any:
    reported: list[object] = []

    async def main() -> Any:
        asyncio.get_running_loop().set_exception_handler(lambda *both: reported.append(both))
        result = await drive_async(flow, FakeTransport(), deadline)
        await asyncio.sleep(0)
        return result

    with asyncio.Runner(loop_factory=make_loop) as runner:
        try:
            return runner.run(main())
        finally:
            assert reported == []


@pytest.fixture(params=["sync", *LOOPS])
def drive_flow(request: pytest.FixtureRequest) -> Drive:
    if request.param in LOOPS:
        return partial(drive_in_loop, make_loop=LOOPS[request.param])
    return lambda flow, deadline: drive(flow, FakeTransport(), deadline)


def waiting(waiter: Waiter, until: float = LONG) -> Flow[Any]:
    return (yield Wait(waiter, Deadline.after(until)))


def test_a_wait_ends_when_another_thread_wakes_it(drive_flow: Drive) -> None:
    waiter, wakes = Waiter(), list[str]()

    def wake() -> None:
        wakes.append("wake")
        waiter.wake()

    waker = threading.Timer(0.05, wake)
    waker.start()
    started = time.monotonic()
    drive_flow(waiting(waiter), Deadline.after(LONG))
    assert wakes == ["wake"]
    assert time.monotonic() - started < LONG / 2
    waker.join()


def test_a_wake_before_the_wait_ends_it_at_once(drive_flow: Drive) -> None:
    waiter = Waiter()
    waiter.wake()
    started = time.monotonic()
    drive_flow(waiting(waiter), Deadline.after(LONG))
    assert time.monotonic() - started < LONG / 2


def test_a_wait_may_be_woken_twice(drive_flow: Drive) -> None:
    waiter = Waiter()

    def wake_twice() -> None:
        waiter.wake()
        waiter.wake()

    waker = threading.Timer(0.05, wake_twice)
    waker.start()
    drive_flow(waiting(waiter), Deadline.after(LONG))
    waker.join()


def test_a_wait_results_in_the_deadline_of_the_call(drive_flow: Drive) -> None:
    deadline = Deadline.after(LONG)
    assert drive_flow(waiting(Waiter(), until=-1), deadline) is deadline


def test_a_wait_ends_at_its_moment(drive_flow: Drive) -> None:
    started = time.monotonic()
    drive_flow(waiting(Waiter(), until=0.05), Deadline.after(LONG))
    assert 0.04 < time.monotonic() - started < LONG / 2


def test_a_wait_ends_with_an_error_at_the_deadline_of_the_call(drive_flow: Drive) -> None:
    with pytest.raises(DeadlineExceededError):
        drive_flow(waiting(Waiter()), Deadline.after(0.05))


@pytest.mark.parametrize("make_loop", LOOPS.values(), ids=LOOPS)
def test_a_wake_tells_whether_the_event_loop_of_the_task_is_closed(make_loop: Any) -> None:
    waiter = Waiter()
    assert waiter.wake()
    waiter.wait(0)
    loop = make_loop()
    call = drive_async(waiting(waiter), FakeTransport(), Deadline.after(LONG))
    task: Any = loop.create_task(call)
    loop.run_until_complete(asyncio.sleep(0.01))
    assert waiter.wake()
    loop.close()
    assert not waiter.wake()
    task._log_destroy_pending = False
    call.close()
    assert waiter.wake()


def test_a_wait_may_be_longer_than_a_thread_can_wait() -> None:
    waiter = Waiter()
    timer = threading.Timer(0.01, waiter.wake)
    timer.start()
    assert waiter.wait(1e300)
    timer.join()
