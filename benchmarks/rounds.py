"""Interleaved rounds: every contestant once a round, in an order that changes."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from .server import Server

__all__ = [
    "AsyncCall",
    "Batch",
    "Call",
    "Calls",
    "Samples",
    "count_calls",
    "in_flight",
    "in_threads",
    "interleave",
    "one_by_one",
]

Call = Callable[[], object]
AsyncCall = Callable[[], Awaitable[object]]
Batch = Callable[[int], object]
"""Makes that many calls."""


class Samples(NamedTuple):
    """What one contestant took in each round, in µs for each call.

    Attributes:
        wall: on the clock.
        cpu: of CPU time, all threads of this process.
        server: of the server's CPU time.
    """

    wall: list[float]
    cpu: list[float]
    server: list[float]


def interleave(
    batches: Mapping[str, Batch],
    *,
    rounds: int,
    seconds: float,
    server: Server | None = None,
    at_least: int = 1,
) -> dict[str, Samples]:
    """Measures batches against each other.

    Args:
        batches: the contestants by name.
        rounds: how often each has its turn.
        seconds: how long a turn is to last, about.
        server: whose CPU time to measure too.
        at_least: calls in a batch, whatever they last.
    """
    samples = {name: Samples([], [], []) for name in batches}
    counts = {name: _count(batch, seconds, at_least) for name, batch in batches.items()}
    shuffled = random.Random(0)  # noqa: S311 - an order, not a secret.
    for _ in range(rounds):
        names = list(batches)
        shuffled.shuffle(names)
        for name in names:
            _turn(samples[name], batches[name], counts[name], server)
    return samples


def _count(batch: Batch, seconds: float, at_least: int) -> int:
    """How many calls a turn has. Warms up, too."""
    batch(at_least)
    count = at_least
    while True:
        begun = time.perf_counter()
        batch(count)
        took = time.perf_counter() - begun
        if took > seconds / 4:
            return max(at_least, round(count * seconds / took / at_least) * at_least)
        count *= 4


def _turn(samples: Samples, batch: Batch, count: int, server: Server | None) -> None:
    gc.collect()
    served = server.stats().cpu if server else 0.0
    cpu, wall = time.process_time(), time.perf_counter()
    batch(count)
    samples.wall.append((time.perf_counter() - wall) / count * 1e6)
    samples.cpu.append((time.process_time() - cpu) / count * 1e6)
    samples.server.append(((server.stats().cpu if server else 0.0) - served) / count * 1e6)


def one_by_one(call: Call) -> Batch:
    """Blocking calls, one after the other."""

    def batch(count: int) -> None:
        for _ in range(count):
            call()

    return batch


@contextlib.contextmanager
def in_threads(number: int) -> Iterator[Callable[[Call], Batch]]:
    """Blocking calls in so many threads, which last as long as the context."""
    with ThreadPoolExecutor(number) as pool:

        def batched(call: Call) -> Batch:
            def batch(count: int) -> None:
                share = one_by_one(call)
                for done in [pool.submit(share, count // number) for _ in range(number)]:
                    done.result()

            return batch

        yield batched


def in_flight(runner: asyncio.Runner, number: int, call: AsyncCall) -> Batch:
    """Asyncio calls, so many of them at a time."""

    async def share(count: int) -> None:
        for _ in range(count):
            await call()

    async def all_of(count: int) -> None:
        if number == 1:
            await share(count)
        else:
            await asyncio.gather(*[share(count // number) for _ in range(number)])

    return lambda count: runner.run(all_of(count))


class Calls(NamedTuple):
    """Function calls made for one call: a figure that no machine's noise touches."""

    python: float
    c: float


def count_calls(batch: Batch, count: int = 50) -> Calls:
    """Counts Python-level and C-level function calls for each call of a batch."""
    seen = {"call": 0, "c_call": 0}

    def watch(_frame: object, event: str, _argument: object) -> None:
        if event in seen:
            seen[event] += 1

    def watched(number: int) -> tuple[int, int]:
        before = seen["call"], seen["c_call"]
        sys.setprofile(watch)
        try:
            batch(number)
        finally:
            sys.setprofile(None)
        return seen["call"] - before[0], seen["c_call"] - before[1]

    batch(count)
    once, twice = watched(count), watched(2 * count)  # What a batch itself costs cancels out.
    return Calls((twice[0] - once[0]) / count, (twice[1] - once[1]) / count)
