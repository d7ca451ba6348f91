"""Over the loopback: one after the other, in threads, and many in flight."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from functools import partial

from ..figures import Spread, ratios, spread
from ..peers import OURS, OURS_ALONE, OURS_FAST, Target, asynchronous, blocking
from ..rounds import Batch, Samples, in_flight, in_threads, interleave, one_by_one
from ..tables import Column, Row, Table
from . import Scene, Setting
from .opening import loop_factories, open_async, open_blocking

__all__ = ["SCENES"]

_COLUMNS = (
    Column("ratio", "× base", "{:.2f}", with_quartiles=True),
    Column("wall", "µs a call", "{:.0f}"),
    Column("cpu", "client CPU, × base", "{:.2f}"),
    Column("server", "server busy", "{:.0%}"),
)


def _table(title: str, base: str, samples: dict[str, Samples], notes: list[str]) -> Table:
    wall = ratios({name: one.wall for name, one in samples.items()}, base)
    cpu = ratios({name: one.cpu for name, one in samples.items()}, base)
    rows = [
        Row(
            name,
            {
                "ratio": wall[name],
                "wall": spread(one.wall),
                "cpu": cpu[name],
                "server": _busy(one),
            },
        )
        for name, one in samples.items()
    ]
    rows.sort(key=lambda row: wall[row.name].median)
    return Table(title, _COLUMNS, tuple(rows), (f"base: {base}", *notes))


def _busy(samples: Samples) -> Spread:
    return spread([cpu / wall for cpu, wall in zip(samples.server, samples.wall, strict=True)])


def _sequential(setting: Setting) -> Table:
    with ExitStack() as stack:
        target = Target(setting.server.host, setting.server.port)
        calls, notes = open_blocking(stack, blocking.PEERS, target)
        samples = interleave(
            {name: one_by_one(call) for name, call in calls.items()},
            rounds=setting.rounds(15),
            seconds=setting.seconds(0.1),
            server=setting.server,
        )
    return _table("Blocking, one thread", blocking.BASE, samples, notes)


def _threads(number: int, setting: Setting) -> Table:
    with ExitStack() as stack:
        target = Target(setting.server.host, setting.server.port)
        calls, notes = open_blocking(stack, blocking.PEERS, target)
        batched = stack.enter_context(in_threads(number))
        samples = interleave(
            {name: batched(call) for name, call in calls.items()},
            rounds=setting.rounds(11),
            seconds=setting.seconds(0.15),
            server=setting.server,
            at_least=number,
        )
    return _table(f"Blocking, {number} threads", blocking.BASE, samples, notes)


# httpx looks at every call that waits whenever one ends; either takes seconds here.
_SLOW_IN_A_CROWD = {"httpx", "azure-core"}
_ON_UVLOOP = {asynchronous.LIMIT, asynchronous.BASE, OURS, OURS_FAST, OURS_ALONE}


def _asyncio(number: int, setting: Setting) -> Table:
    target = Target(setting.server.host, setting.server.port)
    batches: dict[str, Batch] = {}
    notes: list[str] = []
    with ExitStack() as stack:
        for suffix, factory in loop_factories().items():
            runner = stack.enter_context(asyncio.Runner(loop_factory=factory))
            peers = [one for one in asynchronous.PEERS if not suffix or one.name in _ON_UVLOOP]
            if setting.quick and number > target.connections:
                peers = [one for one in peers if one.name not in _SLOW_IN_A_CROWD]
            calls, missing = open_async(stack, runner, peers, target)
            notes += missing
            for name, call in calls.items():
                batches[name + suffix] = in_flight(runner, number, call)
        samples = interleave(
            batches,
            rounds=setting.rounds(7 if number > target.connections else 11),
            seconds=setting.seconds(0.1),
            server=setting.server,
            at_least=number,
        )
    if number > target.connections:
        notes.append(f"over {target.connections} connections")
        if setting.quick:
            notes.append("httpx and azure-core are left out of a quick run")
    return _table(f"Asyncio, {number} in flight", asynchronous.BASE, samples, notes)


SCENES = (
    Scene("sequential", _sequential),
    *(Scene(f"threads-{number}", partial(_threads, number)) for number in (8, 32)),
    *(Scene(f"asyncio-{number}", partial(_asyncio, number)) for number in (1, 10, 100, 1000)),
)
