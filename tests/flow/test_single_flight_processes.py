"""SingleFlight across event loops that are closed, and across processes that fork."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from tests.flow.by_hand import Call, act, driven_by_hand
from tests.flow.flights import LIMIT, Shared, crew_of
from tests.support import TENANT, Hanging, held_by_a_thread, in_child

from usersmanager import AsyncUsersManager, Response, UsersManager
from usersmanager._flow.async_driver import drive_async
from usersmanager.plugins import SingleFlight
from usersmanager.testing import FakeTransport
from usersmanager.transports import Deadline

# Event loops.


class Stopped:
    """A call that waits in an event loop that does not run any more."""

    def __init__(self, flight: SingleFlight) -> None:
        self.loop = asyncio.new_event_loop()
        flow = drive_async(flight.run("t", act), FakeTransport(), Deadline.after(3 * LIMIT))
        self.task: Any = self.loop.create_task(flow)
        self.loop.run_until_complete(asyncio.sleep(0.01))
        assert not self.task.done()

    def end(self) -> None:
        """End the call, as a closed loop can't."""
        self.task._log_destroy_pending = False
        self.task.get_coro().close()
        self.loop.close()


@contextlib.contextmanager
def stopped(flight: SingleFlight) -> Iterator[Stopped]:
    call = Stopped(flight)
    try:
        yield call
    finally:
        call.end()


@pytest.mark.parametrize("is_closed", [False, True])
def test_an_event_loop_that_has_stopped_harms_no_other_call(is_closed: bool) -> None:
    with crew_of("threads") as crew:
        calls = [crew.start()]
        request = crew.gate.next()
        with stopped(crew.flight) as waiting:
            calls.append(crew.start())
            if is_closed:
                waiting.loop.close()
            request.respond()
            assert [call.result(LIMIT).sub for call in calls] == ["u"] * 2


def test_a_call_whose_event_loop_is_closed_is_not_chosen_to_act() -> None:
    with crew_of("threads") as crew:
        first = crew.start(timeout=3 * LIMIT)
        request = crew.gate.next()
        with stopped(crew.flight) as waiting:
            second = crew.start(timeout=3 * LIMIT)
            waiting.loop.close()
            request.fail(KeyError("own"))
            crew.gate.next().respond()
            assert second.result(LIMIT).sub == "u"
            assert isinstance(first.exception(LIMIT), KeyError)


def test_a_coroutine_that_is_dropped_while_it_acts_leaves_that_to_the_next_call() -> None:
    flight = SingleFlight()

    def call(transport: Any) -> Any:
        return drive_async(flight.run("t", act), transport, Deadline.after(LIMIT))

    async def main() -> Response:
        acting = call(Hanging()).__await__()
        next(acting)
        waiting = asyncio.create_task(call(FakeTransport().profile("u")))
        await asyncio.sleep(0)
        del acting
        return await waiting

    assert asyncio.run(main()).status == 200


# Forks.


def call(plugin: Any, transport: Any) -> str:
    with UsersManager(TENANT, transport=transport, plugins=[plugin], discover=False) as users:
        return users.get_info("t", timeout=LIMIT / 2).sub


async def call_async(plugin: Any, transport: Any) -> str:
    async with AsyncUsersManager(
        TENANT, transport=transport, plugins=[plugin], discover=False
    ) as users:
        return (await users.get_info("t", timeout=LIMIT / 2)).sub


@pytest.mark.parametrize("kind", ["threads", "tasks"])
def test_a_child_process_starts_without_flights(kind: str) -> None:
    with crew_of(kind) as crew:
        calls = crew.start(2)
        request = crew.gate.next()
        transport = FakeTransport().profile("child").profile("child")
        subjects = in_child(
            lambda: call(crew.plugin, transport) + asyncio.run(call_async(crew.plugin, transport))
        )
        assert subjects == "childchild"
        request.respond()
        assert [one.result(LIMIT).sub for one in calls] == ["u"] * 2


def test_a_lock_that_is_held_during_a_fork_does_not_hang_the_child() -> None:
    plugin = Shared()
    with held_by_a_thread(plugin.flight._flights._lock):
        assert in_child(lambda: call(plugin, FakeTransport().profile("child"))) == "child"


def test_a_flow_that_forks_ends_in_both_processes() -> None:
    with driven_by_hand():
        flight = SingleFlight()
        first, second = Call(flight), Call(flight)

        def go_on() -> str:
            first.send("child")
            newcomer = Call(flight)
            return f"{first.ended and first.ended.result} {newcomer.acts}"

        assert in_child(go_on) == "child True"
        first.send("parent")
        second.resume()
        assert second.ended is not None
        assert second.ended.result == "parent"
