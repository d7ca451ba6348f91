"""ConnectionLimiter: how many threads use a connection at a time, and how long others wait."""

from __future__ import annotations

import threading
import time

import pytest

from usersmanager import PoolTimeoutError
from usersmanager.transports import Deadline
from usersmanager.transports.http1.limiter import ConnectionLimiter


def soon(seconds: float = 5.0) -> Deadline:
    return Deadline(time.monotonic() + seconds)


def test_a_call_beyond_the_limit_waits_for_a_slot() -> None:
    limiter = ConnectionLimiter(1)
    slot = limiter.acquire(soon())
    acquired = threading.Event()

    def wait() -> None:
        limiter.release(limiter.acquire(soon()))
        acquired.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert not acquired.wait(0.02)
    limiter.release(slot)
    assert acquired.wait(5)
    waiting.join()


def test_a_call_does_not_wait_beyond_its_deadline_and_nothing_is_sent() -> None:
    limiter = ConnectionLimiter(1)
    slot = limiter.acquire(soon())
    with pytest.raises(PoolTimeoutError, match="before the deadline") as caught:
        limiter.acquire(soon(0.02))
    assert caught.value.sent is False
    limiter.release(slot)
    limiter.acquire(soon())


def test_a_slot_may_be_released_twice() -> None:
    limiter = ConnectionLimiter(1)
    slot = limiter.acquire(soon())
    limiter.release(slot)
    limiter.release(slot)
    other = limiter.acquire(soon())
    with pytest.raises(PoolTimeoutError):
        limiter.acquire(soon(0.01))
    del other


def test_a_slot_that_is_lost_without_a_release_is_free_again() -> None:
    limiter = ConnectionLimiter(1)
    slot = limiter.acquire(soon())
    del slot
    assert limiter.acquire(soon())


def test_a_waiting_call_gets_a_slot_that_is_lost_without_a_release() -> None:
    limiter = ConnectionLimiter(1)
    slots = [limiter.acquire(soon())]
    acquired: list[object] = []
    waiting = threading.Thread(target=lambda: acquired.append(limiter.acquire(soon())))
    waiting.start()
    time.sleep(0.01)
    slots.clear()
    waiting.join(5)
    assert len(acquired) == 1


def test_many_threads_never_hold_more_slots_than_the_limit() -> None:
    limiter = ConnectionLimiter(3)
    held, most = 0, 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal held, most
        for _ in range(50):
            slot = limiter.acquire(soon())
            with lock:
                held += 1
                most = max(most, held)
            time.sleep(0.001)  # Let other threads acquire a slot meanwhile.
            with lock:
                held -= 1
            limiter.release(slot)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 3
