"""Places: so many calls at a time, and no wait beyond a deadline."""

from __future__ import annotations

import asyncio
import time

import pytest
from tests.support import make_request

from usersmanager import Places, PoolTimeoutError


def test_a_call_beyond_the_places_waits_for_one() -> None:
    async def main() -> None:
        places = Places(1)
        await places.take(make_request())
        waiting = asyncio.create_task(places.take(make_request()))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        places.release()
        await asyncio.wait_for(waiting, 1)

    asyncio.run(main())


def test_it_does_not_wait_beyond_its_deadline_and_nothing_was_sent() -> None:
    async def main() -> None:
        places = Places(1)
        await places.take(make_request())
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
        places, served = Places(1), list[int]()
        await places.take(make_request())

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
        places = Places(1)
        await places.take(make_request())
        waiting = asyncio.create_task(places.take(make_request()))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        places.release()
        await asyncio.wait_for(places.take(make_request()), 1)

    asyncio.run(main())
