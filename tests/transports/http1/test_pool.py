"""Pool: which connections are reused, and which are closed to make room."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.transports.http1.pooled import Connection
from tests.transports.http1.waitless import Clock

from usersmanager.transports import PoolStats
from usersmanager.transports.http1.pool import Pool
from usersmanager.transports.http1.slots import Slot

TIMEOUT = 15.0


class ConnectionPool(Pool[Connection]):
    def __init__(self, size: int = 10, idle_timeout: float = TIMEOUT) -> None:
        super().__init__(size, idle_timeout)
        self.in_use: list[Slot[Connection]] = []

    def _waiting_origins(self) -> Iterable[str]:
        return ["b"]


def use(
    pool: ConnectionPool, origin: str, connection: Connection | None = None
) -> Slot[Connection]:
    """Acquire a slot for a new connection."""
    slot = pool.try_acquire(origin, may_reuse=False)
    assert slot is not None
    assert slot.connection is None
    pool.opened(slot, connection or Connection())
    return slot


def give_back(pool: ConnectionPool, slot: Slot[Connection]) -> None:
    slot.is_reusable = True
    pool.release(slot)


def put(pool: ConnectionPool, origin: str, connection: Connection | None = None) -> Connection:
    """Add an idle connection."""
    slot = use(pool, origin, connection)
    give_back(pool, slot)
    assert slot.connection is not None
    return slot.connection


def take(pool: ConnectionPool, origin: str) -> Connection | None:
    """Return the connection that a call reuses. Its slot stays in use."""
    slot = pool.try_acquire(origin, may_reuse=True)
    assert slot is not None
    pool.in_use.append(slot)
    return slot.connection


def test_the_most_recently_used_connection_is_reused_first() -> None:
    pool = ConnectionPool()
    slots = [use(pool, "a"), use(pool, "a")]
    for slot in slots:
        give_back(pool, slot)
    first, second = slots
    assert [take(pool, "b"), take(pool, "a"), take(pool, "a"), take(pool, "a")] == [
        *(None, second.connection, first.connection, None)
    ]


def test_a_request_that_may_not_reuse_a_connection_gets_none() -> None:
    pool = ConnectionPool()
    idle = put(pool, "a")
    slot = pool.try_acquire("a", may_reuse=False)
    assert slot is not None
    assert slot.connection is None
    assert take(pool, "a") is idle


def test_a_connection_that_is_not_reusable_is_closed() -> None:
    pool = ConnectionPool()
    slot = use(pool, "a")
    pool.release(slot)
    assert slot.connection is not None
    assert not slot.connection.is_open
    assert pool.stats()["a"] == PoolStats(opened=1)


def test_a_connection_is_reusable_only_if_its_last_use_says_so() -> None:
    pool = ConnectionPool()
    idle = put(pool, "a")
    slot = pool.try_acquire("a", may_reuse=True)
    assert slot is not None
    pool.release(slot)
    assert not idle.is_open


def test_a_connection_that_was_idle_for_too_long_is_closed(clock: Clock) -> None:
    pool = ConnectionPool()
    slots = [use(pool, "a"), use(pool, "a")]
    for slot in slots:
        give_back(pool, slot)
    clock.now += TIMEOUT
    assert take(pool, "a") is None
    assert [slot.connection.is_open for slot in slots if slot.connection] == [False, False]
    older = put(pool, "a")
    clock.now += TIMEOUT
    young = put(pool, "a")
    assert (older.is_open, young.is_open) == (False, True)
    clock.now += TIMEOUT - 1
    assert take(pool, "a") is young


def test_an_unusable_connection_is_closed_and_another_one_is_reused() -> None:
    pool = ConnectionPool()
    slots = [use(pool, "a"), use(pool, "a")]
    for slot in slots:
        give_back(pool, slot)
    good, bad = [slot.connection for slot in slots]
    assert bad is not None
    bad.is_open = False
    assert take(pool, "a") is good


def test_a_connection_that_is_released_after_close_is_closed() -> None:
    pool = ConnectionPool()
    in_use = use(pool, "a")
    early = put(pool, "b")
    pool.close()
    give_back(pool, in_use)
    assert in_use.connection is not None
    assert (early.is_open, in_use.connection.is_open) == (False, False)
    assert pool.stats()["a"].idle == pool.stats()["b"].idle == 0


def test_discarding_closes_the_idle_connections_of_that_origin_only() -> None:
    pool = ConnectionPool()
    idle, other = put(pool, "a"), put(pool, "b")
    pool.discard("a")
    assert (idle.is_open, other.is_open) == (False, True)
    assert [take(pool, "a"), take(pool, "b")] == [None, other]


def test_a_connection_in_use_when_its_origin_is_discarded_is_not_reused(
    clock: Clock,
) -> None:
    pool = ConnectionPool()
    in_use = use(pool, "a")
    clock.now += 1
    pool.discard("a")
    clock.now += 1
    newer = put(pool, "a")
    give_back(pool, in_use)
    assert in_use.connection is not None
    assert (in_use.connection.is_open, take(pool, "a")) == (False, newer)


@pytest.mark.usefixtures("clock")
def test_a_connection_opened_at_the_moment_of_the_discard_is_not_reused() -> None:
    pool = ConnectionPool()
    in_use = use(pool, "a")
    pool.discard("a")
    give_back(pool, in_use)
    assert take(pool, "a") is None


def test_the_copy_in_a_forked_child_is_closed_even_if_its_lock_was_held() -> None:
    pool = ConnectionPool()
    idle = put(pool, "a")
    with ThreadPoolExecutor(1) as thread:
        thread.submit(pool._lock.acquire).result()
        pool.discard_after_fork()
    assert not idle.is_open
    assert pool.stats()["a"].idle == 0


def test_a_pool_belongs_to_the_process_that_made_it() -> None:
    assert ConnectionPool().process == os.getpid()


def test_the_statistics_of_pools_add_up() -> None:
    assert PoolStats(1, 2, 3, 4).plus(PoolStats(10, 20, 30, 40)) == PoolStats(11, 22, 33, 44)


def test_the_limit_is_that_of_all_origins_idle_and_in_use(clock: Clock) -> None:
    pool = ConnectionPool(3)
    oldest, busy = put(pool, "a"), use(pool, "b")
    clock.now += 1
    newer = put(pool, "c")
    first = use(pool, "d")  # It takes the place of the connection that is idle for longest.
    assert (oldest.is_open, newer.is_open) == (False, True)
    second = use(pool, "d")
    assert not newer.is_open
    assert pool.try_acquire("d", may_reuse=True) is None
    assert {busy, first, second} == set(pool._slots)


def test_the_connection_that_was_idle_for_longest_makes_room(clock: Clock) -> None:
    clock.now = 1.0
    pool = ConnectionPool(2)
    slots = [use(pool, "a"), use(pool, "b")]
    for slot in reversed(slots):
        give_back(pool, slot)
        clock.now += 1
    use(pool, "c")
    assert [slot.connection.is_open for slot in slots if slot.connection] == [True, False]


def test_an_idle_connection_of_the_same_origin_makes_room_if_it_may_not_be_reused() -> None:
    pool = ConnectionPool(1)
    idle = put(pool, "a")
    use(pool, "a")
    assert not idle.is_open


def test_a_slot_that_is_lost_without_a_release_is_free_again() -> None:
    pool = ConnectionPool(1)
    slot = use(pool, "a")
    assert pool.try_acquire("a", may_reuse=True) is None
    del slot
    assert pool.try_acquire("a", may_reuse=True) is not None


def test_an_interrupted_check_closes_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(self: Connection) -> bool:
        raise KeyboardInterrupt

    pool = ConnectionPool(1)
    idle = put(pool, "a")
    monkeypatch.setattr(Connection, "is_clean", interrupt)
    with pytest.raises(KeyboardInterrupt):
        pool.try_acquire("a", may_reuse=True)
    assert not idle.is_open
    assert use(pool, "a")


def test_the_statistics_count_connections_and_waiting_calls_by_origin() -> None:
    pool = ConnectionPool()
    assert pool.stats() == {}
    put(pool, "a")
    busy = [use(pool, "a"), use(pool, "b")]
    opening = pool.try_acquire("b", may_reuse=True)
    assert pool.stats() == {
        "a": PoolStats(in_use=1, idle=1, waiting=0, opened=2),
        "b": PoolStats(in_use=2, idle=0, waiting=1, opened=1),
    }
    del opening
    pool.release(busy.pop())
    pool.close()
    assert pool.stats() == {
        "a": PoolStats(in_use=1, idle=0, waiting=0, opened=2),
        "b": PoolStats(in_use=0, idle=0, waiting=1, opened=1),
    }


def test_a_connection_that_is_reused_is_in_use_again() -> None:
    pool = ConnectionPool()
    put(pool, "a")
    take(pool, "a")
    assert pool.stats()["a"] == PoolStats(in_use=1, opened=1)


def test_a_slot_without_a_connection_is_not_kept() -> None:
    pool = ConnectionPool(1)
    slot = pool.try_acquire("a", may_reuse=True)
    assert slot is not None
    give_back(pool, slot)
    assert pool.stats()["a"] == PoolStats()


def test_a_connection_that_is_returned_meanwhile_is_counted_once() -> None:
    class Returned(Slot[Connection]):
        moments = iter([math.inf, 1.0, 1.0, 1.0])

        @property
        def idle_since(self) -> float:  # type: ignore[override] # Changes as it is read.
            return next(self.moments)

        @idle_since.setter
        def idle_since(self, moment: float) -> None: ...

    pool, slot = ConnectionPool(1), Returned("a")
    pool.release(use(pool, "a"))
    pool._slots.add(slot)
    stats = pool.stats()["a"]
    assert stats.in_use + stats.idle == 1


def test_a_call_may_wait_for_an_origin_without_connections() -> None:
    pool = ConnectionPool(1)
    busy = use(pool, "a")
    assert pool.try_acquire("b", may_reuse=True) is None
    assert pool.stats() == {"a": PoolStats(in_use=1, opened=1), "b": PoolStats(waiting=1)}
    pool.release(busy)


def test_the_statistics_need_no_lock() -> None:
    pool = ConnectionPool()
    put(pool, "a")
    with pool._lock:
        assert pool.stats()["a"].idle == 1
