"""SyncPool: how many threads use a connection at a time, and how long others wait."""

from __future__ import annotations

import threading
import time

import pytest

from usersmanager import PoolTimeoutError
from usersmanager.transports import Deadline, PoolStats
from usersmanager.transports.http1.slots import Slot
from usersmanager.transports.http1.stream import Stream
from usersmanager.transports.http1.sync_pool import SyncPool


def soon(seconds: float = 5.0) -> Deadline:
    return Deadline(time.monotonic() + seconds)


def acquire(pool: SyncPool, deadline: Deadline) -> Slot[Stream]:
    return pool.acquire("a", deadline, may_reuse=True)


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
    while not pool.stats()["a"].waiting:
        time.sleep(0.001)
    assert pool.stats()["a"] == PoolStats(in_use=1, waiting=1)
    pool.release(slot)
    waiting.join()
    assert pool.stats()["a"] == PoolStats()


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
