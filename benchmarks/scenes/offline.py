"""Without I/O: what is the client's own work, in µs of CPU time and in function calls."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from typing import NamedTuple, TypeAlias

from ..canned import CannedLoop, sockets
from ..figures import Spread, differences, spread
from ..peers import Target, asynchronous, blocking
from ..profiles import response
from ..rounds import Batch, Calls, Samples, count_calls, in_flight, interleave, one_by_one
from ..tables import Column, Figure, Row, Table
from . import Scene, Setting
from .opening import open_async, open_blocking

__all__ = [
    "NOWHERE",
    "SCENES",
    "Offline",
    "OpenBatches",
    "canned_runner",
    "measured",
    "open_every_asyncio",
    "open_every_blocking",
    "table_of",
]

NOWHERE = Target("127.0.0.1", 1)

OpenBatches: TypeAlias = Callable[[ExitStack], tuple[dict[str, Batch], list[str]]]
"""Opens the contestants of a scene, in a process of its own: a function of a module."""

_COLUMNS = (
    Column("cpu", "µs a call", "{:.1f}", with_quartiles=True),
    Column("beyond", "beyond the base", "{:+.1f}", with_quartiles=True),
    Column("python", "Python calls", "{:.0f}"),
    Column("c", "C calls", "{:.0f}"),
)


class Offline(NamedTuple):
    """What was measured without I/O.

    Attributes:
        cpu: µs of CPU time for each call, by round.
        calls: function calls.
        notes: who was left out.
    """

    cpu: dict[str, list[float]]
    calls: dict[str, Calls]
    notes: list[str]


def measured(
    open_batches: OpenBatches, setting: Setting, *, rounds: int = 7, seconds: float = 0.03
) -> Offline:
    """Measures in several processes, one after the other, and puts the rounds together.

    Where a process happens to have its objects and its code in memory makes some per cent,
    as long as it lives; so one process would give exact figures that are wrong.
    """
    processes = 1 if setting.quick else 5
    rounds = 4 if setting.quick else rounds
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, max_tasks_per_child=1) as pool:
        parts = [
            pool.submit(_measured_here, open_batches, rounds, setting.seconds(seconds)).result()
            for _ in range(processes)
        ]
    cpu = {
        name: [value for samples, _, _ in parts for value in samples[name].cpu]
        for name in parts[0][0]
    }
    return Offline(cpu, parts[0][1], parts[0][2])


def _measured_here(
    open_batches: OpenBatches, rounds: int, seconds: float
) -> tuple[dict[str, Samples], dict[str, Calls], list[str]]:
    with ExitStack() as stack:
        batches, notes = open_batches(stack)
        samples = interleave(batches, rounds=rounds, seconds=seconds, at_least=20)
        return samples, {name: count_calls(batch) for name, batch in batches.items()}, notes


def table_of(title: str, base: str, offline: Offline) -> Table:
    """CPU time and function calls, and what each takes beyond one of them."""
    beyond = differences(offline.cpu, base)
    rows = [Row(name, _figures(offline, name, beyond)) for name in offline.cpu]
    return Table(title, _COLUMNS, tuple(rows), (f"base: {base}", *offline.notes))


def _figures(offline: Offline, name: str, beyond: Mapping[str, Spread]) -> dict[str, Figure]:
    calls = offline.calls[name]
    return {
        "cpu": spread(offline.cpu[name]),
        "beyond": beyond[name],
        "python": calls.python,
        "c": calls.c,
    }


def canned_runner(size: int = 1000) -> asyncio.Runner:
    """An event loop without a network."""
    return asyncio.Runner(loop_factory=lambda: CannedLoop(response(size)))


def open_every_blocking(stack: ExitStack) -> tuple[dict[str, Batch], list[str]]:
    """Every blocking contestant."""
    stack.enter_context(sockets(response(1000)))
    calls, notes = open_blocking(stack, blocking.PEERS, NOWHERE)
    return {name: one_by_one(call) for name, call in calls.items()}, notes


def open_every_asyncio(stack: ExitStack) -> tuple[dict[str, Batch], list[str]]:
    """Every asyncio contestant."""
    runner = stack.enter_context(canned_runner())
    calls, notes = open_async(stack, runner, asynchronous.PEERS, NOWHERE)
    return {name: in_flight(runner, 1, call) for name, call in calls.items()}, notes


def _blocking(setting: Setting) -> Table:
    return table_of("Without I/O, blocking", blocking.BASE, measured(open_every_blocking, setting))


def _asyncio(setting: Setting) -> Table:
    return table_of(
        "Without I/O, asyncio", asynchronous.BASE, measured(open_every_asyncio, setting)
    )


SCENES = (Scene("offline-blocking", _blocking), Scene("offline-asyncio", _asyncio))
