"""Flows that run outside a call."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.flow.flights import eventually, joined
from tests.support import make_request

from usersmanager import DeadlineExceededError, PluginError, Response
from usersmanager._flow.effects import Send
from usersmanager.plugins import Flow, SingleFlight, arun_flow, run, run_flow, sleep


class Doubler:
    def double(self) -> int:
        return 2

    async def adouble(self) -> int:
        await asyncio.sleep(0)
        return 3

    def flow(self) -> Flow[int]:
        yield from sleep(0)
        return 10 * (yield from run(sync=self.double, async_=self.adouble))


class Broken:
    """A flow that handles the error of a function."""

    def fail(self) -> int:
        raise KeyError("missing")

    async def afail(self) -> int:
        return self.fail()

    def flow(self) -> Flow[str]:
        try:
            yield from run(sync=self.fail, async_=self.afail)
        except KeyError as error:
            return repr(error)
        return "none"


def test_a_flow_runs_in_either_mode() -> None:
    assert run_flow(Doubler().flow()) == 20
    assert asyncio.run(arun_flow(Doubler().flow())) == 30


def test_an_error_is_raised_in_the_flow() -> None:
    assert run_flow(Broken().flow()) == "KeyError('missing')"
    assert asyncio.run(arun_flow(Broken().flow())) == "KeyError('missing')"


def test_a_wait_ends_at_the_timeout() -> None:
    def flow() -> Flow[None]:
        yield from sleep(5)

    with pytest.raises(DeadlineExceededError):
        run_flow(flow(), timeout=1)
    with pytest.raises(DeadlineExceededError):
        asyncio.run(arun_flow(flow(), timeout=1))


def test_a_request_can_not_be_sent() -> None:
    def flow() -> Flow[Response]:
        return (yield Send(make_request()))

    with pytest.raises(PluginError, match="outside a call"):
        run_flow(flow())
    with pytest.raises(PluginError, match="outside a call"):
        asyncio.run(arun_flow(flow()))


def test_it_joins_a_flight() -> None:
    flight, gate, acted = SingleFlight(), threading.Event(), list[int]()

    def work() -> Flow[int]:
        yield from run(sync=gate.wait, async_=asyncio.Event().wait)
        acted.append(7)
        return 7

    with ThreadPoolExecutor(2) as threads:
        calls = [threads.submit(lambda: run_flow(flight.run("k", work))) for _ in range(2)]
        eventually(lambda: joined(flight) == 2)
        gate.set()
        assert [call.result() for call in calls] == [7, 7]
    assert acted == [7]
