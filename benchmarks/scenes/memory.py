"""Memory: what a call holds while it is in flight, and whether past calls leave anything.

    python -m benchmarks.scenes.memory PEER NUMBER CONNECTIONS HOST PORT

measures one contestant in a process of its own: the server holds every answer until the
process has looked at its size.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from usersmanager import UsersManager

from ..canned import sockets
from ..peers import OURS, OURS_ALONE, OURS_FAST, AsyncPeer, Target, asynchronous
from ..profiles import TOKEN, response
from ..rounds import interleave, one_by_one
from ..server import Server, raise_descriptor_limit
from ..tables import Column, Row, Table
from . import Scene, Setting
from .offline import NOWHERE

__all__ = ["SCENES"]

_COLUMNS = (
    Column("kb", "kB a call", "{:.1f}"),
    Column("mb", "MB in all", "{:.1f}"),
)
_PEERS = (asynchronous.LIMIT, asynchronous.BASE, OURS, OURS_FAST, OURS_ALONE)


def resident() -> int:
    """Bytes of this process in memory."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:  # Not Linux: the most there has been, which has just been reached.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * resource.getpagesize()


async def _held(server: Server, peer: AsyncPeer, target: Target, number: int) -> dict[str, int]:
    async with peer.open(target) as call:

        async def one() -> object:
            return await call()

        gc.collect()
        before = resident()
        tasks = [asyncio.ensure_future(one()) for _ in range(number)]
        expected = min(number, target.connections)
        while (await asyncio.to_thread(server.stats)).held < expected:
            if failed := next((task for task in tasks if task.done()), None):
                failed.result()
            await asyncio.sleep(0.05)
        gc.collect()
        peak = resident()
        while not all(task.done() for task in tasks):
            await asyncio.to_thread(server.release)
            await asyncio.sleep(0.01)
        await asyncio.gather(*tasks)
        return {"before": before, "peak": peak}


def _main() -> None:
    name, number, connections, host, port = sys.argv[1:]
    raise_descriptor_limit()
    server = Server(int(port), host)
    server.stats()
    peer = next(one for one in asynchronous.PEERS if one.name == name)
    target = Target(host, int(port), "/hold", int(connections))
    print(json.dumps(asyncio.run(_held(server, peer, target, int(number)))))


def _in_flight(setting: Setting) -> Table:
    rows = []
    notes = ["growth of the process while the server holds every answer"]
    available = raise_descriptor_limit() - 200
    numbers = [(1000, 1000)] if setting.quick else [(1000, 1000), (10_000, 100), (10_000, 10_000)]
    for number, connections in numbers:
        if connections > available:
            notes.append(f"not measured, {connections:,} connections: {available:,} files allowed")
            continue
        for name in _PEERS:
            grown = _grown(setting.server, name, number, connections)
            if grown is None:
                notes.append(f"not measured, {name} with {number:,}: it failed")
                continue
            row = f"{number:,} over {connections:,} connections: {name}"
            rows.append(Row(row, {"kb": grown / number / 1000, "mb": grown / 1e6}))
    return Table("Memory in flight", _COLUMNS, tuple(rows), tuple(notes))


def _grown(server: Server, name: str, number: int, connections: int) -> int | None:
    arguments = [name, str(number), str(connections), server.host, str(server.port)]
    try:
        done = subprocess.run(  # noqa: S603 - the arguments are ours.
            [sys.executable, "-m", "benchmarks.scenes.memory", *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=90,
        )
    except subprocess.SubprocessError:
        return None
    finally:
        server.release()
    sizes = json.loads(done.stdout)
    grown: int = sizes["peak"] - sizes["before"]
    return grown


def _growth(setting: Setting) -> Table:
    """One manager, many calls."""
    checkpoints = (1_000, 5_000) if setting.quick else (1_000, 10_000, 100_000, 1_000_000)
    rows = []
    with ExitStack() as stack:
        stack.enter_context(sockets(response(1000)))
        users = stack.enter_context(UsersManager(NOWHERE.base_url))
        batch = one_by_one(lambda: users.get_info(TOKEN))
        done = 0
        for checkpoint in checkpoints:
            batch(checkpoint - done)
            done = checkpoint
            gc.collect()
            figures = {"objects": float(len(gc.get_objects())), "mb": resident() / 1e6}
            samples = interleave({OURS: batch}, rounds=5, seconds=0.05)
            figures["cpu"] = min(samples[OURS].cpu)
            rows.append(Row(f"{checkpoint:,}", figures))
    columns = (
        Column("cpu", "µs a call", "{:.0f}"),
        Column("objects", "objects", "{:,.0f}"),
        Column("mb", "resident, MB", "{:.1f}"),
    )
    return Table("After many calls", columns, tuple(rows), ("without I/O",), subject="Calls so far")


SCENES = (Scene("memory", _in_flight), Scene("growth", _growth))

if __name__ == "__main__":
    _main()
