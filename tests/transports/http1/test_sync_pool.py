"""SyncPool: how many threads use a connection at a time, and how long others wait."""

from __future__ import annotations

import threading
import time
from queue import Empty
from typing import Any

import pytest
from tests.transports.http1.pooled import Connection
from tests.transports.http1.waitless import Clock

from usersmanager import PoolTimeoutError
from usersmanager.transports import Deadline, PoolStats
from usersmanager.transports.http1.slots import Slot
from usersmanager.transports.http1.stream import Stream
from usersmanager.transports.http1.sync_pool import SyncPool


def soon(seconds: float = 5.0) -> Deadline:
    return Deadline(time.monotonic() + seconds)


def acquire(pool: SyncPool, deadline: Deadline) -> Slot[Stream]:
    return pool.acquire("a", deadline, may_reuse=True)


def await_a_waiting_call(pool: SyncPool, thread: threading.Thread) -> None:
    while not pool.stats()["a"].waiting:
        assert thread.is_alive()
        time.sleep(0.001)


def test_a_call_beyond_the_limit_waits_for_a_slot() -> None:
    pool = SyncPool(1, 15.0)
    slot = acquire(pool, soon())
    acquired = threading.Event()

    def wait() -> None:
        pool.release(acquire(pool, soon()))
        acquired.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert not acquired.wait(0.02)
    pool.release(slot)
    assert acquired.wait(5)
    waiting.join()


def test_a_call_does_not_wait_beyond_its_deadline_and_nothing_is_sent() -> None:
    pool = SyncPool(1, 15.0)
    slot = acquire(pool, soon())
    with pytest.raises(PoolTimeoutError, match="before the deadline") as caught:
        acquire(pool, soon(0.02))
    assert caught.value.sent is False
    pool.release(slot)
    acquire(pool, soon())


def test_the_number_of_waiting_calls_is_part_of_the_statistics() -> None:
    pool = SyncPool(1, 15.0)
    slot = acquire(pool, soon())
    waiting = threading.Thread(target=lambda: acquire(pool, soon()))
    waiting.start()
    await_a_waiting_call(pool, waiting)
    assert pool.stats()["a"] == PoolStats(in_use=1, waiting=1)
    pool.release(slot)
    waiting.join()
    assert pool.stats()["a"] == PoolStats()


def put(pool: SyncPool, origin: str = "a") -> Any:
    """Add an idle connection."""
    slot = pool.acquire(origin, soon(), may_reuse=False)
    pool.opened(slot, Connection())
    slot.is_reusable = True
    pool.release(slot)
    return slot.connection


def test_a_connection_is_reused_unless_it_may_not_be_or_is_too_old() -> None:
    pool = SyncPool(3, 15.0)
    idle = put(pool)
    assert pool.acquire("a", soon(), may_reuse=False).connection is None
    assert pool.acquire("a", soon(), may_reuse=True).connection is idle
    short_lived = SyncPool(3, 1e-9)
    put(short_lived)
    assert acquire(short_lived, soon()).connection is None


@pytest.mark.parametrize("may_reuse", [True, False])
def test_a_call_that_waited_gets_a_connection_as_if_it_had_not(may_reuse: bool) -> None:
    pool = SyncPool(1, 15.0)
    slot = pool.acquire("a", soon(), may_reuse=False)
    pool.opened(slot, Connection())
    acquired: list[Slot[Stream]] = []
    waiting = threading.Thread(
        target=lambda: acquired.append(pool.acquire("a", soon(), may_reuse=may_reuse))
    )
    waiting.start()
    await_a_waiting_call(pool, waiting)
    slot.is_reusable = True
    pool.release(slot)
    waiting.join(5)
    assert [one.origin for one in acquired] == ["a"]
    assert acquired[0].connection is (slot.connection if may_reuse else None)


def test_a_call_waits_until_its_deadline_and_no_longer(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    pool = SyncPool(1, 15.0)
    slot = acquire(pool, soon())
    waits: list[float] = []

    class Released:
        def get(self, timeout: float) -> None:
            assert timeout > 0
            waits.append(timeout)
            clock.now += timeout
            raise Empty

    monkeypatch.setattr(pool, "_released", Released())
    with pytest.raises(PoolTimeoutError):
        acquire(pool, soon(0.12))
    assert waits == pytest.approx([0.05, 0.05, 0.02])
    pool.release(slot)


def test_releases_without_a_waiting_call_leave_nothing_in_the_queue() -> None:
    pool = SyncPool(2, 15.0)
    for _ in range(3):
        pool.release(acquire(pool, soon()))
    assert pool._released.qsize() == 0


def test_the_queue_does_not_grow_beyond_the_limit() -> None:
    pool = SyncPool(2, 15.0)
    waiter = Slot[Stream]("a")  # Any object that counts as a waiting thread.
    pool._waiters.add(waiter)  # type: ignore[arg-type] # Never looked into.
    for _ in range(5):
        pool.release(acquire(pool, soon()))
    assert pool._released.qsize() == 2


def test_a_slot_may_be_released_twice() -> None:
    pool = SyncPool(1, 15.0)
    slot = acquire(pool, soon())
    pool.release(slot)
    pool.release(slot)
    other = acquire(pool, soon())
    with pytest.raises(PoolTimeoutError):
        acquire(pool, soon(0.01))
    del other


def test_a_slot_that_is_lost_without_a_release_is_free_again() -> None:
    pool = SyncPool(1, 15.0)
    slot = acquire(pool, soon())
    del slot
    assert acquire(pool, soon())


def test_a_waiting_call_gets_a_slot_that_is_lost_without_a_release() -> None:
    pool = SyncPool(1, 15.0)
    slots = [acquire(pool, soon())]
    acquired: list[object] = []
    waiting = threading.Thread(target=lambda: acquired.append(acquire(pool, soon())))
    waiting.start()
    time.sleep(0.01)
    slots.clear()
    waiting.join(5)
    assert len(acquired) == 1


def test_many_threads_never_hold_more_slots_than_the_limit() -> None:
    pool = SyncPool(3, 15.0)
    held, most = 0, 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal held, most
        for _ in range(50):
            slot = acquire(pool, soon())
            with lock:
                held += 1
                most = max(most, held)
            time.sleep(0.001)  # Let other threads acquire a slot meanwhile.
            with lock:
                held -= 1
            pool.release(slot)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 3
