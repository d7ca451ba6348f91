"""Instructions for each call, where they can be counted: by the processor, or by valgrind.

    python -m benchmarks.scenes.instructions COLOUR PEER COUNT

makes so many calls without I/O and ends, for `perf stat` or callgrind to count.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple

from ..canned import sockets
from ..peers import OURS, OURS_ALONE, OURS_FAST, asynchronous, blocking
from ..profiles import response
from ..rounds import Batch, in_flight, one_by_one
from ..tables import Column, Row, Table
from . import Scene, Setting
from .offline import NOWHERE, canned_runner
from .opening import open_async, open_blocking

__all__ = ["COUNTERS", "SCENES", "Counter"]

_OURS = (OURS, OURS_FAST, OURS_ALONE)
_CONTESTANTS = (
    *[("blocking", name) for name in (blocking.BASE, *_OURS)],
    *[("asyncio", name) for name in (asynchronous.BASE, *_OURS)],
)


class Counter(NamedTuple):
    """A program that runs another and counts its instructions.

    Attributes:
        name: for the note beneath the table.
        command: what stands before the command to count.
        figure: where its output tells the number.
        few: calls of a short run.
        many: calls of a long run.
    """

    name: str
    command: tuple[str, ...]
    figure: str
    few: int
    many: int

    def counted(self, colour: str, name: str, calls: int) -> int | None:
        """The instructions of a process that makes so many calls; None if it can't tell."""
        if shutil.which(self.command[0]) is None:
            return None
        command = (*self.command, sys.executable, "-m", "benchmarks.scenes.instructions")
        done = subprocess.run(  # noqa: S603 - the arguments are ours.
            [*command, colour, name, str(calls)], capture_output=True, text=True, check=False
        )
        found = re.search(self.figure, done.stderr)
        return int(found[1]) if found and done.returncode == 0 else None


COUNTERS = (
    Counter(
        "perf stat",
        ("perf", "stat", "-x,", "-e", "instructions:u"),
        r"(?m)^(\d+),[^,]*,instructions",
        1000,
        6000,
    ),
    # It takes fifty times as long, whatever is counted.
    Counter(
        "callgrind",
        ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"),
        r"Collected : (\d+)",
        50,
        250,
    ),
)


def _batch(stack: ExitStack, colour: str, name: str) -> Batch:
    if colour == "blocking":
        stack.enter_context(sockets(response(1000)))
        peer = next(one for one in blocking.PEERS if one.name == name)
        calls, _ = open_blocking(stack, [peer], NOWHERE)
        return one_by_one(calls[name])
    runner = stack.enter_context(canned_runner())
    async_peer = next(one for one in asynchronous.PEERS if one.name == name)
    async_calls, _ = open_async(stack, runner, [async_peer], NOWHERE)
    return in_flight(runner, 1, async_calls[name])


def _main() -> None:
    colour, name, count = sys.argv[1:]
    with ExitStack() as stack:
        _batch(stack, colour, name)(int(count))


def _per_call(counter: Counter, contestant: tuple[str, str]) -> float | None:
    """What the start of a process costs, and its end, cancels out."""
    short = counter.counted(*contestant, counter.few)
    long = counter.counted(*contestant, counter.many)
    if short is None or long is None:
        return None
    return (long - short) / (counter.many - counter.few)


def _working() -> Counter | None:
    """The first counter that counts on this machine."""
    tried = _CONTESTANTS[0]
    return next((one for one in COUNTERS if one.counted(*tried, 1) is not None), None)


def _instructions(setting: Setting) -> Table:
    columns = (Column("instructions", "instructions a call", "{:,.0f}"),)
    if setting.quick:
        return Table("Instructions", columns, (), ("they take minutes: not in a quick run",))
    counter = _working()
    if counter is None:
        note = "not measured: neither perf nor valgrind counts on this machine"
        return Table("Instructions", columns, (), (note,))
    with ThreadPoolExecutor(2) as pool:  # Counting is not disturbed by what runs beside it.
        figures = list(pool.map(partial(_per_call, counter), _CONTESTANTS))
    rows = [
        Row(f"{name}, {colour}", {"instructions": figure})
        for (colour, name), figure in zip(_CONTESTANTS, figures, strict=True)
        if figure is not None
    ]
    note = f"without I/O, in user space, counted by {counter.name}"
    return Table("Instructions", columns, tuple(rows), (note,))


SCENES = (Scene("instructions", _instructions),)

if __name__ == "__main__":
    _main()
