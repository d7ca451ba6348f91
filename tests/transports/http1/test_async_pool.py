"""AsyncPool: how many tasks use a connection at a time, and how long others wait."""

from __future__ import annotations

import asyncio
import gc
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.transports.http1.pooled import Connection
from tests.transports.http1.waitless import WaitlessLoop

from usersmanager import PoolTimeoutError
from usersmanager.transports import Deadline
from usersmanager.transports.http1.async_pool import AsyncPool
from usersmanager.transports.http1.slots import Slot


def soon(seconds: float = 5.0) -> Deadline:
    return Deadline(time.monotonic() + seconds)


async def acquire(pool: AsyncPool, deadline: Deadline) -> Slot[Any]:
    return await pool.acquire("a", deadline, may_reuse=True)


async def full() -> tuple[AsyncPool, Slot[Any]]:
    """A pool whose only slot is in use."""
    pool = AsyncPool(1, 15.0)
    return pool, await acquire(pool, soon())


def test_a_call_beyond_the_limit_waits_for_a_slot() -> None:
    async def main() -> None:
        pool, slot = await full()
        waiting = asyncio.create_task(acquire(pool, soon()))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        pool.release(slot)
        await asyncio.wait_for(waiting, 5)

    asyncio.run(main())


def test_a_call_waits_until_its_deadline_and_no_longer_and_nothing_is_sent(
    loop: WaitlessLoop,
) -> None:
    async def main() -> None:
        pool, _slot = await full()
        deadline = soon()
        with pytest.raises(PoolTimeoutError, match="before the deadline") as caught:
            await acquire(pool, deadline)
        assert loop.time() == deadline.moment
        assert caught.value.sent is False
        assert caught.value.__context__ is None

    loop.run_until_complete(main())


def test_a_released_slot_goes_to_the_call_that_has_waited_longest() -> None:
    async def main() -> list[int]:
        (pool, slot), served = await full(), list[int]()

        async def call(number: int) -> None:
            own = await acquire(pool, soon())
            served.append(number)
            pool.release(own)

        calls = [asyncio.create_task(call(number)) for number in range(3)]
        await asyncio.sleep(0)
        pool.release(slot)
        await asyncio.gather(*calls)
        return served

    assert asyncio.run(main()) == [0, 1, 2]


def test_a_cancelled_wait_takes_no_slot() -> None:
    async def main() -> None:
        pool, slot = await full()
        waiting = asyncio.create_task(acquire(pool, soon()))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        pool.release(slot)
        await asyncio.wait_for(acquire(pool, soon()), 5)

    asyncio.run(main())


@pytest.mark.parametrize("ends", ["cancelled", "late"])
def test_a_slot_that_becomes_free_as_the_wait_ends_is_passed_on(ends: str) -> None:
    async def main() -> None:
        pool, slot = await full()
        waiting = asyncio.create_task(acquire(pool, soon(0.01)))
        behind = asyncio.create_task(acquire(pool, soon()))
        await asyncio.sleep(0)
        if ends == "late":
            time.sleep(0.02)  # noqa: ASYNC251 - the loop must wake up after the deadline.
        pool.release(slot)
        if ends == "cancelled":
            waiting.cancel()
        (outcome,) = await asyncio.gather(waiting, return_exceptions=True)
        if isinstance(outcome, Slot):  # Late, but it has the slot.
            pool.release(outcome)
        pool.release(await asyncio.wait_for(behind, 5))
        await asyncio.wait_for(acquire(pool, soon()), 5)

    asyncio.run(main())


def test_cancelled_waits_leave_nothing_in_the_queue() -> None:
    async def main() -> int:
        pool, _slot = await full()
        waiting = [asyncio.create_task(acquire(pool, soon())) for _ in range(3)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
        return len(pool._waiters)

    assert asyncio.run(main()) == 0


def test_a_wait_that_is_cancelled_as_a_slot_becomes_free_gives_it_back() -> None:
    async def main() -> None:
        pool, slot = await full()
        waiting = asyncio.create_task(acquire(pool, soon()))
        await asyncio.sleep(0)
        waiting.cancel()
        pool.release(slot)
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.wait_for(acquire(pool, soon()), 5)

    asyncio.run(main())


def test_an_abandoned_wait_hands_out_no_slot() -> None:
    async def main() -> None:
        pool, slot = await full()
        behind = asyncio.create_task(acquire(pool, soon()))
        await asyncio.sleep(0)
        abandoned = acquire(pool, soon()).__await__()
        next(abandoned)
        abandoned.close()
        await asyncio.sleep(0.01)
        assert not behind.done()
        pool.release(slot)
        await asyncio.wait_for(behind, 5)

    asyncio.run(main())


def test_a_slot_that_is_lost_without_a_release_is_free_again() -> None:
    async def main() -> None:
        pool, slot = await full()
        del slot
        gc.collect()
        await asyncio.wait_for(acquire(pool, soon()), 5)

    asyncio.run(main())


def test_a_lost_slot_is_given_to_a_waiting_call_when_the_next_call_begins() -> None:
    async def main() -> None:
        pool, slot = await full()
        waiting = asyncio.create_task(acquire(pool, soon()))
        await asyncio.sleep(0)
        del slot
        with pytest.raises(PoolTimeoutError):
            await acquire(pool, soon(0.01))
        assert waiting.done()

    asyncio.run(main())


def opened(pool: AsyncPool, slot: Slot[Any]) -> Connection:
    """Give a slot a connection that will be reusable."""
    connection = Connection(asyncio.get_running_loop().create_future())
    pool.opened(slot, connection)
    slot.is_reusable = True
    return connection


def test_a_connection_is_reused_unless_it_may_not_be_or_is_too_old() -> None:
    async def main() -> None:
        pool, short_lived = AsyncPool(3, 15.0), AsyncPool(3, 1e-9)
        for one in (pool, short_lived):
            slot = await acquire(one, soon())
            connection = opened(one, slot)
            one.release(slot)
        assert (await acquire(short_lived, soon())).connection is None
        slot = await acquire(pool, soon())
        first = slot.connection
        assert first is not None
        slot.is_reusable = True
        pool.release(slot)
        assert (await pool.acquire("a", soon(), may_reuse=False)).connection is None
        assert (await acquire(pool, soon())).connection is first
        assert not connection.is_open

    asyncio.run(main())


@pytest.mark.parametrize("may_reuse", [True, False])
def test_a_call_that_waited_gets_a_connection_as_if_it_had_not(may_reuse: bool) -> None:
    async def main() -> None:
        pool, slot = await full()
        connection = opened(pool, slot)
        waiting = asyncio.create_task(pool.acquire("a", soon(), may_reuse=may_reuse))
        await asyncio.sleep(0)
        assert pool.stats()["a"].waiting == 1
        pool.release(slot)
        own = await waiting
        assert own.origin == "a"
        assert own.connection is (connection if may_reuse else None)

    asyncio.run(main())


def test_a_connection_that_comes_as_the_wait_ends_stays_in_the_pool() -> None:
    async def main() -> None:
        pool, slot = await full()
        connection = opened(pool, slot)
        waiting = asyncio.create_task(acquire(pool, soon()))
        await asyncio.sleep(0)
        pool.release(slot)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert pool.stats()["a"].idle == 1
        assert connection.is_open

    asyncio.run(main())


def test_closing_waits_until_every_idle_connection_has_ended(
    loop: WaitlessLoop,
) -> None:
    async def main() -> None:
        pool = AsyncPool(3, 15.0)
        slots = [await acquire(pool, soon()) for _ in range(2)]
        connections = [opened(pool, slot) for slot in slots]
        for slot in slots:
            pool.release(slot)
        await pool.aclose()
        await pool.aclose()
        assert [connection.is_open for connection in connections] == [False, False]
        ending = asyncio.create_task(pool.wait_closed())
        for connection in connections:
            await asyncio.sleep(0.01)
            assert not ending.done()
            connection.closed.set_result(None)
        await asyncio.wait_for(ending, 5)
        await pool.wait_closed()

    loop.run_until_complete(main())


def test_closing_waits_for_a_second_at_most(loop: WaitlessLoop) -> None:
    async def main() -> None:
        pool, slot = await full()
        opened(pool, slot)
        pool.release(slot)
        await pool.aclose()
        began = loop.time()
        await pool.wait_closed()
        assert loop.time() == began + 1

    loop.run_until_complete(main())


@given(st.lists(st.sampled_from(["acquire", "cancel", "release", "lose", "yield"]), max_size=40))
def test_there_are_never_more_or_fewer_slots_than_the_limit(steps: list[str]) -> None:
    async def main() -> None:
        pool, calls = AsyncPool(2, 15.0), list[asyncio.Task[None]]()
        held: list[Slot[Any]] = []

        async def call() -> None:
            held.append(await acquire(pool, soon()))

        for step in steps:
            if step == "acquire":
                calls.append(asyncio.create_task(call()))
            elif step == "cancel" and calls:
                calls[len(calls) // 2].cancel()
            elif step == "release" and held:
                pool.release(held.pop())
            elif step == "lose" and held:
                held.pop()
            else:
                await asyncio.sleep(0)
            assert len(held) <= 2
        while not all(task.done() for task in calls) or held:
            await asyncio.sleep(0)
            # A lost slot is noticed when the next call ends.
            pool.release(held.pop() if held else Slot("a"))
        slots = [await asyncio.wait_for(acquire(pool, soon()), 5) for _ in range(2)]
        assert len(pool._slots) == 2
        assert len(slots) == 2

    asyncio.run(main())
