"""Without I/O: what is the client's own work, in µs of CPU time and in function calls."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack

from ..canned import CannedLoop, sockets
from ..figures import differences, spread
from ..peers import Target, asynchronous, blocking
from ..profiles import response
from ..rounds import Batch, count_calls, in_flight, interleave, one_by_one
from ..tables import Column, Row, Table
from . import Scene, Setting
from .opening import open_async, open_blocking

__all__ = ["NOWHERE", "SCENES", "canned_runner", "offline_table"]

NOWHERE = Target("127.0.0.1", 1)

_COLUMNS = (
    Column("cpu", "µs a call", "{:.1f}", with_quartiles=True),
    Column("beyond", "beyond the base", "{:+.1f}", with_quartiles=True),
    Column("python", "Python calls", "{:.0f}"),
    Column("c", "C calls", "{:.0f}"),
)


def canned_runner(size: int = 1000) -> asyncio.Runner:
    """An event loop without a network."""
    return asyncio.Runner(loop_factory=lambda: CannedLoop(response(size)))


def offline_table(
    title: str,
    base: str,
    batches: Mapping[str, Batch],
    setting: Setting,
    *,
    notes: tuple[str, ...] = (),
    rounds: int = 41,
    seconds: float = 0.03,
) -> Table:
    """CPU time and function calls of some batches, and what they take beyond one of them."""
    samples = interleave(
        batches, rounds=setting.rounds(rounds), seconds=setting.seconds(seconds), at_least=20
    )
    cpu = {name: one.cpu for name, one in samples.items()}
    beyond = differences(cpu, base)
    rows = []
    for name, batch in batches.items():
        calls = count_calls(batch)
        figures = {
            "cpu": spread(cpu[name]),
            "beyond": beyond[name],
            "python": calls.python,
            "c": calls.c,
        }
        rows.append(Row(name, figures))
    return Table(title, _COLUMNS, tuple(rows), (f"base: {base}", *notes))


def _blocking(setting: Setting) -> Table:
    with ExitStack() as stack:
        stack.enter_context(sockets(response(1000)))
        calls, notes = open_blocking(stack, blocking.PEERS, NOWHERE)
        return offline_table(
            "Without I/O, blocking",
            blocking.BASE,
            {name: one_by_one(call) for name, call in calls.items()},
            setting,
            notes=tuple(notes),
        )


def _asyncio(setting: Setting) -> Table:
    with ExitStack() as stack:
        runner = stack.enter_context(canned_runner())
        calls, notes = open_async(stack, runner, asynchronous.PEERS, NOWHERE)
        return offline_table(
            "Without I/O, asyncio",
            asynchronous.BASE,
            {name: in_flight(runner, 1, call) for name, call in calls.items()},
            setting,
            notes=tuple(notes),
        )


SCENES = (Scene("offline-blocking", _blocking), Scene("offline-asyncio", _asyncio))
