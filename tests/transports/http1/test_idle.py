"""IdlePool: which connections are reused."""

from __future__ import annotations

import pytest

from usersmanager.transports.http1 import idle as idle_module
from usersmanager.transports.http1.idle import KEEPALIVE_SECONDS, IdlePool


class Connection:
    def __init__(self) -> None:
        self.is_open = True
        self.opened_at = idle_module.time.monotonic()

    def is_clean(self) -> bool:
        return self.is_open

    def close(self) -> None:
        self.is_open = False


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(idle_module.time, "monotonic", lambda: now[0])
    return now


def test_the_most_recently_used_connection_is_reused_first() -> None:
    pool: IdlePool[Connection] = IdlePool()
    first, second = Connection(), Connection()
    pool.put("a", first)
    pool.put("a", second)
    assert [pool.take("b"), pool.take("a"), pool.take("a"), pool.take("a")] == [
        *(None, second, first, None)
    ]


def test_a_connection_that_was_idle_for_too_long_is_closed(clock: list[float]) -> None:
    pool: IdlePool[Connection] = IdlePool()
    old, older, young = Connection(), Connection(), Connection()
    pool.put("a", older)
    pool.put("a", old)
    clock[0] += KEEPALIVE_SECONDS
    assert pool.take("a") is None
    assert (old.is_open, older.is_open) == (False, False)
    pool.put("a", older)
    clock[0] += KEEPALIVE_SECONDS
    pool.put("a", young)
    assert pool.take("a") is young


def test_a_connection_that_is_put_back_after_close_is_closed() -> None:
    pool: IdlePool[Connection] = IdlePool()
    early, late = Connection(), Connection()
    pool.put("a", early)
    assert pool.close() == [early]
    pool.put("a", late)
    assert (early.is_open, late.is_open) == (False, False)
    assert pool.close() == []


def test_discarding_closes_the_idle_connections_of_that_origin_only() -> None:
    pool: IdlePool[Connection] = IdlePool()
    idle, other = Connection(), Connection()
    pool.put("a", idle)
    pool.put("b", other)
    pool.discard("a")
    assert (idle.is_open, other.is_open) == (False, True)
    assert [pool.take("a"), pool.take("b")] == [None, other]


def test_a_connection_in_use_when_its_origin_is_discarded_is_not_reused(
    clock: list[float],
) -> None:
    pool: IdlePool[Connection] = IdlePool()
    in_use = Connection()
    clock[0] += 1
    pool.discard("a")
    clock[0] += 1
    newer = Connection()
    pool.put("a", in_use)
    pool.put("a", newer)
    assert (in_use.is_open, pool.take("a")) == (False, newer)
