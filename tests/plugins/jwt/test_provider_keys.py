"""When the keys of a provider are fetched, and for whom."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.flow.flights import eventually, joined

from usersmanager import (
    ConnectError,
    DeadlineExceededError,
    DecodeError,
    ProviderUnavailableError,
)
from usersmanager.plugins import Flow, arun_flow, run, run_flow
from usersmanager.transports import Deadline
from usersmanager_jwt import provider_keys
from usersmanager_jwt.key_set import KeySet
from usersmanager_jwt.provider_keys import ProviderKeys


class Source:
    """A provider whose every answer is another key set, and a clock.

    Attributes:
        fetched: the number of requests so far.
        outcome: the error that the next requests raise instead.
        now: the time, in seconds.
    """

    def __init__(self) -> None:
        self.fetched = 0
        self.outcome: BaseException | None = None
        self.now = 1000.0
        self.keys = ProviderKeys(lambda: self.now)

    def fetch(self) -> Flow[KeySet]:
        self.fetched += 1
        yield from run(sync=lambda: None, async_=self._nothing)
        if self.outcome is not None:
            raise self.outcome
        return KeySet(())

    async def _nothing(self) -> None: ...

    def get(self, provider: str = "provider") -> KeySet:
        return run_flow(self.keys.get(provider, self.fetch))

    def renew(self, seen: KeySet, provider: str = "provider") -> KeySet:
        return run_flow(self.keys.renew(provider, seen, self.fetch))


@pytest.fixture
def source() -> Source:
    return Source()


def test_keys_are_fetched_when_they_are_needed_and_used_for_an_hour(source: Source) -> None:
    first = source.get()
    source.now += 3599.9
    assert source.get() is first
    assert source.fetched == 1
    source.now += 0.1
    assert source.get() is not first
    assert source.fetched == 2


def test_each_provider_has_its_own_keys(source: Source) -> None:
    assert source.get("one") is not source.get("two")
    assert source.get("one") is source.get("one")
    assert source.fetched == 2


def test_an_unknown_key_fetches_again_at_most_once_a_minute(source: Source) -> None:
    first = source.get()
    second = source.renew(first)  # The first fetch does not count.
    assert second is not first
    source.now += 59.9
    assert source.renew(second) is second
    assert source.fetched == 2
    source.now += 0.1
    third = source.renew(second)
    assert third is not second
    assert (source.get(), source.fetched) == (third, 3)


def test_a_call_that_has_seen_older_keys_gets_the_newer_ones_at_once(source: Source) -> None:
    first = source.get()
    second = source.renew(first)
    assert source.renew(first) is second
    assert source.fetched == 2


def test_a_call_that_comes_just_as_the_keys_arrive_does_not_fetch_them_again(
    source: Source,
) -> None:
    late = source.keys.get("provider", source.fetch)
    next(late)  # It has seen that there are no keys.
    keys = source.get()
    with pytest.raises(StopIteration) as ended:
        late.send(Deadline.after(20))
    assert ended.value.value is keys
    assert source.fetched == 1


def test_the_limit_is_one_for_each_provider(source: Source) -> None:
    for provider in ("one", "two"):
        seen = source.get(provider)
        assert source.renew(seen, provider) is not seen
    assert source.fetched == 4


@pytest.mark.parametrize(
    "outcome",
    [DecodeError("no keys"), ProviderUnavailableError("no keys"), ConnectError("no keys")],
)
def test_a_failure_is_raised_and_counts_if_it_is_not_the_first(
    source: Source, outcome: Exception
) -> None:
    kind = type(outcome)
    source.outcome = outcome
    for _ in range(2):  # Without any keys, each call tries.
        with pytest.raises(kind, match="no keys"):
            source.get()
    source.outcome = None
    first = source.get()
    assert source.fetched == 3
    source.outcome = outcome
    with pytest.raises(kind, match="no keys"):
        source.renew(first)
    source.outcome = None
    assert source.renew(first) is first
    assert source.get() is first
    assert source.fetched == 4
    source.now += 60
    assert source.renew(first) is not first


@pytest.mark.parametrize("outcome", [DeadlineExceededError("late"), KeyboardInterrupt()])
def test_what_ends_one_call_does_not_count(source: Source, outcome: BaseException) -> None:
    first = source.get()
    source.outcome = outcome
    with pytest.raises(type(outcome)):
        source.renew(first)
    source.outcome = None
    assert source.renew(first) is not first


def test_the_providers_are_limited_in_number(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_keys, "_MAX_PROVIDERS", 3)
    kept = [source.get(f"{number}") for number in range(3)]
    assert [source.get(f"{number}") for number in range(3)] == kept
    source.renew(kept[0], "0")
    assert source.get("1") is kept[1]
    source.get("3")
    assert len(source.keys._known) == 1


class Gate(Source):
    """A source whose requests wait until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.came = threading.Event()

    def fetch(self) -> Flow[KeySet]:
        self.fetched += 1
        yield from run(sync=self._wait, async_=self._await)
        if self.outcome is not None:
            raise self.outcome
        return KeySet(())

    def _wait(self) -> None:
        self.came.set()
        assert self.gate.wait(20)

    async def _await(self) -> None:
        await asyncio.to_thread(self._wait)


def _ask(gate: Gate, seen: KeySet | None) -> Flow[KeySet]:
    if seen is None:
        return gate.keys.get("provider", gate.fetch)
    return gate.keys.renew("provider", seen, gate.fetch)


@pytest.mark.parametrize("renews", [False, True], ids=["first", "again"])
@pytest.mark.parametrize("outcome", [None, DecodeError("no keys"), ConnectError("no keys")])
def test_one_caller_fetches_for_all_threads_and_tasks_that_wait(renews: bool, outcome: Any) -> None:
    gate = Gate()
    gate.gate.set()
    seen = run_flow(_ask(gate, None)) if renews else None
    gate.gate.clear()
    gate.came.clear()
    gate.outcome, gate.fetched = outcome, 0

    async def tasks() -> list[Any]:
        flows = [arun_flow(_ask(gate, seen)) for _ in range(3)]
        return await asyncio.gather(*flows, return_exceptions=True)

    def thread() -> Any:
        try:
            return run_flow(_ask(gate, seen))
        except Exception as error:
            return error

    with ThreadPoolExecutor(5) as pool:
        leader = pool.submit(thread)
        assert gate.came.wait(20)
        others = [pool.submit(thread) for _ in range(2)]
        loop = pool.submit(lambda: asyncio.run(tasks()))
        eventually(lambda: joined(gate.keys._flight) == 6)
        gate.gate.set()
        results = [leader.result(), *(other.result() for other in others), *loop.result()]
    assert gate.fetched == 1
    if outcome is None:
        assert len(set(map(id, results))) == 1
    else:
        assert {type(result) for result in results} == {type(outcome)}
        assert len(set(map(id, results))) == len(results)  # Each has its own error.


def test_if_the_caller_that_fetches_is_cancelled_the_next_one_fetches() -> None:
    gate = Gate()

    async def main() -> None:
        first = asyncio.create_task(arun_flow(_ask(gate, None)))
        await asyncio.to_thread(gate.came.wait, 20)
        second = asyncio.create_task(arun_flow(_ask(gate, None)))
        await asyncio.sleep(0)
        first.cancel()
        gate.gate.set()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert isinstance(await second, KeySet)

    asyncio.run(main())
    assert gate.fetched == 2
