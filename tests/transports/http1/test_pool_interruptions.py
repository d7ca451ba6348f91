"""The pools, interrupted at each of their lines: no slot is lost, and no call waits for ever."""

from __future__ import annotations

import ast
import asyncio
import gc
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from tests.support import freeze_existing_objects
from tests.transports.http1.pooled import Connection

from usersmanager import PoolTimeoutError
from usersmanager.transports import Deadline
from usersmanager.transports.http1 import pool as pool_module
from usersmanager.transports.http1.async_pool import AsyncPool
from usersmanager.transports.http1.sync_pool import SyncPool

SIZE = 2
FEWEST = 50
"""A use of a pool has more lines."""
MODULES = {
    str(Path(pool_module.__file__).with_name(f"{name}.py"))
    for name in ("pool", "slots", "sync_pool", "async_pool")
}


@pytest.fixture(autouse=True)
def _quick_collection() -> None:
    freeze_existing_objects()  # There is a collection after each line.


# A trace function can raise between the body of a `with` and the release of its lock. A signal
# handler cannot: no code of Python runs there.
WITHS = {
    (path, node.lineno)
    for path in MODULES
    for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8")))
    if isinstance(node, ast.With)
}


class Interruption(BaseException):
    """What a signal handler raises."""


class Interrupter:
    """Raises at one line of the pools, as a signal handler may.

    Attributes:
        lines: how many are left until then.
    """

    def __init__(self, lines: int) -> None:
        self.lines = lines

    def __call__(self, frame: FrameType, event: str, argument: object) -> Any:
        if frame.f_code.co_filename not in MODULES:
            return None
        if event == "line" and (frame.f_code.co_filename, frame.f_lineno) not in WITHS:
            self.lines -= 1
            if self.lines == 0:
                raise Interruption
        return self


def soon(seconds: float = 5.0) -> Deadline:
    return Deadline(time.monotonic() + seconds)


def call(pool: SyncPool, origin: str, deadline: Deadline | None = None) -> None:
    """Use the pool as `Http1Transport` does."""
    slot = pool.acquire(origin, deadline or soon(), may_reuse=True)
    try:
        if slot.connection is None:
            pool.opened(slot, Connection())  # type: ignore[arg-type] # It is no stream.
        slot.is_reusable = True
    finally:
        pool.release(slot)


async def acall(pool: AsyncPool, origin: str, deadline: Deadline | None = None) -> None:
    """Use the pool as `AsyncHttp1Transport` does."""
    slot = await pool.acquire(origin, deadline or soon(), may_reuse=True)
    try:
        if slot.connection is None:
            connection: Any = Connection()
            pool.opened(slot, connection)
        slot.is_reusable = True
    finally:
        pool.release(slot)


def interrupted(run: Callable[[], object]) -> Iterator[int]:
    """Interrupt a function at each line in turn, and yield the number of the line."""
    line = 0
    while True:
        line += 1
        interrupter = Interrupter(line)
        before = sys.gettrace()
        sys.settrace(interrupter)
        try:
            run()
        except (Interruption, PoolTimeoutError):
            pass
        finally:
            sys.settrace(before)
        gc.collect()
        yield line
        if interrupter.lines > 0:
            return


def assert_whole(pool: SyncPool | AsyncPool) -> None:
    """Check that nothing is in use, and that no call waits."""
    stats = pool.stats().values()
    assert {(one.in_use, one.waiting) for one in stats} <= {(0, 0)}
    assert sum(one.idle for one in stats) == len(pool._slots) <= SIZE


def reuse(pool: SyncPool) -> None:
    call(pool, "a")
    call(pool, "a")


def make_room(pool: SyncPool) -> None:
    for origin in "abc":
        call(pool, origin)


def give_up(pool: SyncPool) -> None:
    slots = [pool.acquire("a", soon(), may_reuse=True) for _ in range(SIZE)]
    try:
        call(pool, "b", soon(0.0))
    finally:
        for slot in slots:
            pool.release(slot)


def discard(pool: SyncPool) -> None:
    call(pool, "a")
    pool.discard("a")
    call(pool, "a")


@pytest.mark.parametrize("use", [reuse, make_room, give_up, discard])
def test_an_interrupted_thread_takes_no_slot_with_it(use: Callable[[SyncPool], None]) -> None:
    pool = SyncPool(SIZE, 15.0)
    lines = 0
    for lines in interrupted(lambda: use(pool)):  # noqa: B007 - read after the loop.
        assert_whole(pool)
        slots = [pool.acquire("d", soon(), may_reuse=False) for _ in range(SIZE)]
        for slot in slots:
            pool.release(slot)
    assert lines > FEWEST


async def wait_for_another(pool: AsyncPool) -> None:
    slots = [await pool.acquire("a", soon(), may_reuse=True) for _ in range(SIZE)]
    waiting = [asyncio.ensure_future(acall(pool, origin, soon(1.0))) for origin in "ab"]
    try:
        await asyncio.sleep(0)
        waiting[0].cancel()
    finally:
        for slot in slots:
            pool.release(slot)
        await asyncio.gather(*waiting, return_exceptions=True)


async def reuse_in_turn(pool: AsyncPool) -> None:
    for origin in "aabc":
        await acall(pool, origin)


@pytest.mark.parametrize("use", [reuse_in_turn, wait_for_another])
def test_an_interrupted_task_takes_no_slot_with_it(use: Callable[[AsyncPool], Any]) -> None:
    pool = AsyncPool(SIZE, 15.0)

    async def again() -> None:
        slots = [await pool.acquire("d", soon(), may_reuse=False) for _ in range(SIZE)]
        for slot in slots:
            pool.release(slot)

    lines = 0
    for lines in interrupted(lambda: asyncio.run(use(pool))):  # noqa: B007 - read after the loop.
        asyncio.run(again())
        assert_whole(pool)
    assert lines > FEWEST
