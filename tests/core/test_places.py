"""Places: so many calls at a time, and no wait beyond a deadline."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import make_request

from usersmanager import Places, PoolTimeoutError


async def none_left() -> Places:
    """One place, which is taken."""
    places = Places(1)
    await places.take(make_request())
    return places


def test_a_call_beyond_the_places_waits_for_one() -> None:
    async def main() -> None:
        places = await none_left()
        waiting = asyncio.create_task(places.take(make_request()))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        places.release()
        await asyncio.wait_for(waiting, 1)

    asyncio.run(main())


def test_it_does_not_wait_beyond_its_deadline_and_nothing_was_sent() -> None:
    async def main() -> None:
        places = await none_left()
        began = time.monotonic()
        with pytest.raises(PoolTimeoutError) as caught:
            await places.take(make_request(deadline=began + 0.05))
        assert 0.04 <= time.monotonic() - began < 1
        assert caught.value.phase == "not sent"
        assert str(caught.value) == "every connection stayed busy until the deadline"
        assert caught.value.__context__ is None

    asyncio.run(main())


def test_a_place_given_back_goes_to_whoever_has_waited_longest() -> None:
    async def main() -> list[int]:
        places, served = await none_left(), list[int]()

        async def call(number: int) -> None:
            await places.take(make_request())
            served.append(number)
            places.release()

        calls = [asyncio.create_task(call(number)) for number in range(3)]
        await asyncio.sleep(0)
        places.release()
        await asyncio.gather(*calls)
        return served

    assert asyncio.run(main()) == [0, 1, 2]


def test_a_cancelled_wait_takes_no_place() -> None:
    async def main() -> None:
        places = await none_left()
        waiting = asyncio.create_task(places.take(make_request()))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        places.release()
        await asyncio.wait_for(places.take(make_request()), 1)

    asyncio.run(main())


@pytest.mark.parametrize("ends", ["cancelled", "late"])
def test_a_place_that_comes_as_the_wait_ends_is_passed_on(ends: str) -> None:
    async def main() -> None:
        places = await none_left()
        soon = time.monotonic() + 0.01
        waiting = asyncio.create_task(places.take(make_request(deadline=soon)))
        behind = asyncio.create_task(places.take(make_request()))
        await asyncio.sleep(0)
        if ends == "late":
            time.sleep(0.02)  # noqa: ASYNC251 - the loop finds the deadline passed.
            places.release()
        else:
            places.release()
            waiting.cancel()
        (outcome,) = await asyncio.gather(waiting, return_exceptions=True)
        if outcome is None:  # Late, but it has the place.
            places.release()
        await asyncio.wait_for(behind, 1)
        places.release()
        await asyncio.wait_for(places.take(make_request()), 1)

    asyncio.run(main())


def test_waits_that_have_ended_leave_nothing_in_the_queue() -> None:
    async def main() -> int:
        places = await none_left()
        waiting = [asyncio.create_task(places.take(make_request())) for _ in range(3)]
        await asyncio.sleep(0)
        for one in waiting:
            one.cancel()
        await asyncio.wait(waiting)
        return len(places._turns)

    assert asyncio.run(main()) == 0


def test_a_wait_may_be_given_up_twice_over() -> None:
    # Cancelled while the place is on its way, when its turn has left the queue.
    async def main() -> None:
        places = await none_left()
        waiting = asyncio.create_task(places.take(make_request()))
        await asyncio.sleep(0)
        waiting.cancel()
        places.release()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.wait_for(places.take(make_request()), 1)

    asyncio.run(main())


def test_a_wait_that_is_dropped_gives_no_place_away() -> None:
    async def main() -> None:
        places = await none_left()
        behind = asyncio.create_task(places.take(make_request()))
        await asyncio.sleep(0)
        dropped = places.take(make_request()).__await__()
        next(dropped)
        dropped.close()
        await asyncio.sleep(0.01)
        assert not behind.done()
        places.release()
        await asyncio.wait_for(behind, 1)

    asyncio.run(main())


@given(st.lists(st.sampled_from(["take", "cancel", "release", "turn"]), max_size=40))
def test_there_are_never_more_or_fewer_places_than_were_made(steps: list[str]) -> None:
    async def main() -> None:
        places, calls = Places(2), list[asyncio.Task[None]]()
        held = 0

        async def call() -> None:
            nonlocal held
            await places.take(make_request())
            held += 1

        for step in steps:
            if step == "take":
                calls.append(asyncio.create_task(call()))
            elif step == "cancel" and calls:
                calls[len(calls) // 2].cancel()
            elif step == "release" and held:
                held -= 1
                places.release()
            else:
                await asyncio.sleep(0)
            assert held <= 2
        while not all(one.done() for one in calls) or held:
            await asyncio.sleep(0)
            if held:
                held -= 1
                places.release()
        for _ in range(2):
            await asyncio.wait_for(places.take(make_request()), 1)

    asyncio.run(main())
