"""Instructions for each call, where the processor may be asked: Linux with `perf`.

    python -m benchmarks.scenes.instructions COLOUR PEER COUNT

makes so many calls without I/O and ends, for `perf stat` to count.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import ExitStack

from ..peers import OURS, asynchronous, blocking
from ..tables import Column, Row, Table
from . import Scene, Setting
from .offline import OpenBatches, open_every_asyncio, open_every_blocking

__all__ = ["SCENES"]

_OPEN: dict[str, OpenBatches] = {"blocking": open_every_blocking, "asyncio": open_every_asyncio}
_CONTESTANTS = (
    ("blocking", blocking.BASE),
    ("blocking", blocking.NAIVE),
    ("blocking", OURS),
    ("asyncio", asynchronous.BASE),
    ("asyncio", asynchronous.NAIVE),
    ("asyncio", OURS),
)


def _main() -> None:
    colour, name, count = sys.argv[1:]
    with ExitStack() as stack:
        batches, _ = _OPEN[colour](stack)
        batches[name](int(count))


def _counted(colour: str, name: str, count: int) -> int | None:
    perf = shutil.which("perf")
    if perf is None:
        return None
    command = [sys.executable, "-m", "benchmarks.scenes.instructions", colour, name, str(count)]
    done = subprocess.run(  # noqa: S603 - the arguments are ours.
        [*(perf, "stat", "-x,", "-e", "instructions:u"), *command],
        capture_output=True,
        text=True,
        check=False,
    )
    fields = [line.split(",") for line in done.stderr.splitlines() if "instructions" in line]
    return int(fields[-1][0]) if fields and fields[-1][0].isdigit() else None


def _instructions(setting: Setting) -> Table:
    columns = (Column("instructions", "instructions a call", "{:,.0f}"),)
    rows = []
    few, many = (200, 1200) if setting.quick else (1000, 6000)
    for colour, name in _CONTESTANTS:
        counts = _counted(colour, name, few), _counted(colour, name, many)
        if counts[0] is None or counts[1] is None:
            note = "left out: `perf stat -e instructions:u` does not count on this machine"
            return Table("Instructions", columns, (), (note,))
        figure = (counts[1] - counts[0]) / (many - few)
        rows.append(Row(f"{name}, {colour}", {"instructions": figure}))
    return Table("Instructions", columns, tuple(rows), ("without I/O, in user space",))


SCENES = (Scene("instructions", _instructions),)
