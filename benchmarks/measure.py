"""Interleaved rounds: every client has one turn in each round, in an order that changes."""

import gc
import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import NamedTuple, TypeAlias

Batch: TypeAlias = Callable[[int], object]  # Makes that many calls.


class Turn(NamedTuple):
    """The wall time of a call in one turn, and the share of it the server spent on a CPU."""

    seconds: float
    server_busy: float


def quartiles(turns: Sequence[Turn], base: Sequence[Turn]) -> list[float]:
    """Return the quartiles of the ratios of turns in the same round, which share slow spells."""
    ratios = [one.seconds / of.seconds for one, of in zip(turns, base, strict=True)]
    return statistics.quantiles(ratios, n=4, method="inclusive")


def interleave(
    batches: Mapping[str, Batch],
    rounds: int,
    seconds: float,
    step: int,
    server_cpu: Callable[[], float],
) -> dict[str, list[Turn]]:
    """Give each client so many turns of about `seconds`, in multiples of `step` calls."""
    counts = {}
    for name, batch in batches.items():
        warm_up = [_timed(batch, step) for _ in range(6)]  # Connections open; httpx needs five.
        counts[name] = max(1, round(seconds / warm_up[-1])) * step
    turns: dict[str, list[Turn]] = {name: [] for name in batches}
    order, shuffle = list(batches), random.Random(0).shuffle  # noqa: S311 - not a secret.
    for _ in range(rounds):
        shuffle(order)
        for name in order:
            gc.collect()
            cpu = server_cpu()
            took = _timed(batches[name], counts[name])
            turns[name].append(Turn(took / counts[name], (server_cpu() - cpu) / took))
    return turns


def _timed(batch: Batch, count: int) -> float:
    begun = perf_counter()
    batch(count)
    return perf_counter() - begun
