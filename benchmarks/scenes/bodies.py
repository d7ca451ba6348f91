"""The size of the profile: 1 kB to 1 MB, against the bare libraries."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

from ..figures import ratios, spread
from ..peers import OURS, Target, asynchronous, blocking
from ..rounds import Batch, in_flight, interleave, one_by_one
from ..tables import Column, Row, Table
from . import Scene, Setting
from .opening import open_async, open_blocking

__all__ = ["SCENES"]

_SIZES = (1_000, 10_000, 100_000, 1_000_000)
_COLUMNS = (
    Column("blocking", "blocking, × urllib3", "{:.2f}", with_quartiles=True),
    Column("blocking_wall", "ms a call", "{:.2f}"),
    Column("asyncio", "asyncio, × aiohttp", "{:.2f}", with_quartiles=True),
    Column("asyncio_wall", "ms a call", "{:.2f}"),
)


def _bodies(setting: Setting) -> Table:
    return Table(
        "The size of the profile",
        _COLUMNS,
        tuple(_row(size, setting) for size in _SIZES),
        ("over the loopback, with JSON decoding: ours is strict",),
        subject="Bytes",
    )


def _row(size: int, setting: Setting) -> Row:
    target = Target(setting.server.host, setting.server.port, f"/b{size}")
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        calls, _ = open_blocking(
            stack, [one for one in blocking.PEERS if one.name in (OURS, blocking.BASE)], target
        )
        async_calls, _ = open_async(
            stack,
            runner,
            [one for one in asynchronous.PEERS if one.name in (OURS, asynchronous.BASE)],
            target,
        )
        batches: dict[str, Batch] = {
            f"blocking {name}": one_by_one(call) for name, call in calls.items()
        }
        for name, call in async_calls.items():
            batches[f"asyncio {name}"] = in_flight(runner, 1, call)
        samples = interleave(batches, rounds=setting.rounds(15), seconds=setting.seconds(0.1))
    wall = {name: one.wall for name, one in samples.items()}
    ours, ours_async = f"blocking {OURS}", f"asyncio {OURS}"
    return Row(
        f"{size:,}",
        {
            "blocking": ratios(wall, f"blocking {blocking.BASE}")[ours],
            "blocking_wall": spread(wall[ours]).median / 1000,
            "asyncio": ratios(wall, f"asyncio {asynchronous.BASE}")[ours_async],
            "asyncio_wall": spread(wall[ours_async]).median / 1000,
        },
    )


SCENES = (Scene("bodies", _bodies),)
