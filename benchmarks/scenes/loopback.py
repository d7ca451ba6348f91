"""Over the loopback: one after the other, in threads, and many in flight."""

from __future__ import annotations

from functools import partial

from ..figures import Spread, ratios, spread
from ..peers import Target, asynchronous, blocking
from ..rounds import Samples
from ..tables import Column, Row, Table
from . import Scene, Setting
from .sampling import Sampled, sample_in_flight, sample_sequential, sample_threads

__all__ = ["COLUMNS", "SCENES", "table_of"]

COLUMNS = (
    Column("ratio", "× base", "{:.2f}", with_quartiles=True),
    Column("wall", "µs a call", "{:.0f}"),
    Column("cpu", "client CPU, × base", "{:.2f}"),
    Column("server", "server busy", "{:.0%}"),
)


def table_of(title: str, base: str, sampled: Sampled) -> Table:
    """What each contestant takes, on the clock and of CPU time, relative to one of them."""
    wall = ratios({name: one.wall for name, one in sampled.samples.items()}, base)
    cpu = ratios({name: one.cpu for name, one in sampled.samples.items()}, base)
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
        for name, one in sampled.samples.items()
    ]
    rows.sort(key=lambda row: wall[row.name].median)
    return Table(title, COLUMNS, tuple(rows), (f"base: {base}", *sampled.notes))


def _busy(samples: Samples) -> Spread:
    return spread([cpu / wall for cpu, wall in zip(samples.server, samples.wall, strict=True)])


def _target(setting: Setting) -> Target:
    return Target(setting.server.host, setting.server.port)


def _sequential(setting: Setting) -> Table:
    sampled = sample_sequential(setting, _target(setting))
    return table_of("Blocking, one thread", blocking.BASE, sampled)


def _threads(number: int, setting: Setting) -> Table:
    sampled = sample_threads(number, setting, _target(setting))
    return table_of(f"Blocking, {number} threads", blocking.BASE, sampled)


def _asyncio(number: int, setting: Setting) -> Table:
    sampled = sample_in_flight(number, setting, _target(setting))
    return table_of(f"Asyncio, {number} in flight", asynchronous.BASE, sampled)


SCENES = (
    Scene("sequential", _sequential),
    *(Scene(f"threads-{number}", partial(_threads, number)) for number in (8, 32)),
    *(Scene(f"asyncio-{number}", partial(_asyncio, number)) for number in (1, 10, 100, 1000)),
)
