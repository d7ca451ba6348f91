"""A store that fails is left alone for a while, and then one call tries it."""

from __future__ import annotations

import logging
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from unittest import mock

import pytest
from tests.plugins.cache.support import (
    KEY,
    SECRET,
    DictStore,
    Errors,
    LockingStore,
    Run,
    running,
    shared_entries,
)
from tests.support import Clock

from usersmanager_cache.interval import Interval
from usersmanager_cache.shared import SharedEntries
from usersmanager_cache.stores import WrongLoopError

pytestmark = pytest.mark.usefixtures("clock")

REFUSED = ConnectionRefusedError("redis://:hush@127.0.0.1")


@pytest.fixture
def errors() -> Errors:
    return Errors()


@pytest.fixture
def shared(store: DictStore, errors: Errors) -> SharedEntries:
    return shared_entries(store, on_error=errors)


def use(run: Run, shared: SharedEntries) -> None:
    """Access the store in every way."""
    run(shared.get(KEY))
    run(shared.acquire(KEY))
    run(shared.put(KEY, b"content", 60.0))
    run(shared.delete(KEY))


def messages(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    return [(record.levelno, record.getMessage()) for record in caplog.records]


def test_a_store_that_cannot_be_read_is_left_alone_for_five_seconds(
    run: Run, store: LockingStore, shared: SharedEntries, errors: Errors, clock: Clock
) -> None:
    store.errors = {"get": REFUSED}
    assert run(shared.get(KEY)) is None
    use(run, shared)
    clock.now += 4.9
    use(run, shared)
    assert (store.calls, errors.count) == (["get"], 1)
    clock.now += 0.2
    use(run, shared)
    assert (store.calls, errors.count) == (["get", "get"], 2)


def test_a_store_that_answers_again_is_used_again(
    run: Run, store: LockingStore, shared: SharedEntries, clock: Clock
) -> None:
    store.errors = {"get": REFUSED}
    run(shared.get(KEY))
    store.errors = {}
    clock.now += 5.1
    use(run, shared)
    assert store.calls == ["get", "get", "add", "set", "delete"]


@pytest.mark.parametrize("error", [REFUSED, OSError("read-only")])
def test_failing_writes_stop_writes_alone(
    run: Run, store: LockingStore, shared: SharedEntries, error: Exception, clock: Clock
) -> None:
    store.errors = {"set": error}
    run(shared.put(KEY, b"content", 60.0))
    store.calls.clear()
    use(run, shared)
    assert store.calls == ["get", "delete"]
    clock.now += 5.1
    store.errors = {}
    use(run, shared)
    assert store.calls == ["get", "delete", "get", "add", "set", "delete"]


def test_failing_deletions_stop_deletions_alone(
    run: Run, store: LockingStore, shared: SharedEntries
) -> None:
    store.errors = {"delete": REFUSED}
    assert run(shared.delete(KEY)) is False
    store.calls.clear()
    assert run(shared.delete(KEY)) is False
    use(run, shared)
    assert store.calls == ["get", "add", "set"]


def test_a_deletion_may_be_the_call_that_tries_the_store(
    run: Run, store: LockingStore, shared: SharedEntries, clock: Clock
) -> None:
    # Otherwise no log-out would succeed until somebody asks for a profile again.
    store.errors = {"get": REFUSED}
    run(shared.get(KEY))
    store.errors = {}
    assert run(shared.delete(KEY)) is False
    clock.now += 5.1
    assert run(shared.delete(KEY)) is True
    assert run(shared.delete(KEY)) is True


@pytest.mark.parametrize("answer", ["text", True, 5, {}, bytearray(b"x")])
def test_nonsense_is_a_failure(
    run: Run, store: LockingStore, shared: SharedEntries, errors: Errors, answer: object
) -> None:
    run(shared.put(KEY, b"content", 60.0))
    store.values = dict.fromkeys(store.values, answer)
    assert run(shared.get(KEY)) is None
    assert errors.count == 1


def test_a_store_that_fails_with_the_first_secret_is_not_asked_for_the_second(
    run: Run, store: LockingStore
) -> None:
    store.errors = {"get": REFUSED}
    assert run(shared_entries(store, [SECRET, SECRET[::-1]]).get(KEY)) is None
    assert store.calls == ["get"]


def test_one_of_many_threads_tries_a_store_that_has_failed(clock: Clock) -> None:
    store = DictStore()
    store.errors = {"get": REFUSED}
    shared = shared_entries(store)
    barrier = threading.Barrier(16)

    def work(_: int) -> None:
        with running("sync") as run:
            barrier.wait()
            for _ in range(20):
                run(shared.get(KEY))

    with running("sync") as run:
        run(shared.get(KEY))
    clock.now += 5.1
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(work, range(16)))
    assert store.calls == ["get", "get"]


def test_an_interval_lets_one_of_many_threads_pass_at_a_time(clock: Clock) -> None:
    interval = Interval(5.0, begun=True)
    barrier = threading.Barrier(16)

    def work(_: int) -> bool:
        barrier.wait()
        return interval.lets_pass()

    assert not interval.lets_pass()
    with ThreadPoolExecutor(16) as threads:
        for _ in range(20):
            clock.now += 5.1
            assert sum(threads.map(work, range(16))) == 1


def test_an_interval_lets_one_pass_of_those_that_look_at_the_same_time() -> None:
    barrier = threading.Barrier(2)

    def monotonic() -> float:
        barrier.wait()  # Until both have read when the interval began.
        return 1005.1

    interval = Interval(5.0, begun=True)
    with (
        mock.patch("usersmanager_cache.interval.time", SimpleNamespace(monotonic=monotonic)),
        ThreadPoolExecutor(2) as threads,
    ):
        assert sorted(threads.map(lambda _: interval.lets_pass(), range(2))) == [False, True]


def test_an_interval_is_counted_from_the_last_that_passed(clock: Clock) -> None:
    interval = Interval(5.0, begun=True)
    clock.now += 9.9
    assert interval.lets_pass()
    clock.now += 4.9
    assert not interval.lets_pass()
    clock.now += 0.2
    assert interval.lets_pass()


# What interrupts a call.


class Stop(BaseException):
    """An interruption."""


def test_an_interrupted_trial_does_not_leave_the_store_alone_forever(
    run: Run, store: LockingStore, shared: SharedEntries, clock: Clock
) -> None:
    store.errors = {"get": REFUSED}
    run(shared.get(KEY))
    clock.now += 5.1
    store.errors = {"get": Stop()}
    with pytest.raises(Stop):
        run(shared.get(KEY))
    store.errors = {}
    store.calls.clear()
    clock.now += 5.1
    use(run, shared)
    assert store.calls == ["get", "add", "set", "delete"]


def test_an_interruption_is_no_failure_of_the_store(
    run: Run, store: LockingStore, shared: SharedEntries, errors: Errors
) -> None:
    store.errors = {"get": Stop()}
    with pytest.raises(Stop) as caught:
        run(shared.get(KEY))
    # The frames of a client may show a password.
    assert "_note" not in [frame.name for frame in traceback.extract_tb(caught.tb)]
    store.errors = {}
    use(run, shared)
    assert errors.count == 0
    assert store.calls == ["get", "get", "add", "set", "delete"]


# The log.


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, "usersmanager.cache")
    return caplog


def test_the_log_tells_the_class_of_the_failure_and_the_recovery(
    run: Run,
    store: LockingStore,
    shared: SharedEntries,
    clock: Clock,
    log: pytest.LogCaptureFixture,
) -> None:
    store.errors = {"get": REFUSED}
    for _ in range(20):
        clock.now += 5.1
        run(shared.get(KEY))
    warning = (logging.WARNING, "the store failed: ConnectionRefusedError")
    assert messages(log) == [warning, warning]
    store.errors = {}
    for _ in range(3):
        clock.now += 5.1
        run(shared.get(KEY))
    assert messages(log)[2:] == [(logging.INFO, "the store answers again")]
    assert {record.exc_info for record in log.records} == {None}
    assert {record.name for record in log.records} == {"usersmanager.cache"}


def test_a_store_that_fails_now_and_then_is_logged_at_most_once_a_minute(
    run: Run,
    store: LockingStore,
    shared: SharedEntries,
    clock: Clock,
    log: pytest.LogCaptureFixture,
) -> None:
    for _ in range(5):
        store.errors = {"get": REFUSED}
        clock.now += 5.1
        run(shared.get(KEY))
        store.errors = {}
        clock.now += 5.1
        run(shared.get(KEY))
    assert [level for level, _ in messages(log)] == [logging.WARNING, logging.INFO]


def test_reading_well_is_no_recovery_from_failing_writes(
    run: Run,
    store: LockingStore,
    shared: SharedEntries,
    clock: Clock,
    log: pytest.LogCaptureFixture,
) -> None:
    store.errors = {"set": REFUSED}
    run(shared.put(KEY, b"content", 60.0))
    run(shared.get(KEY))
    assert [level for level, _ in messages(log)] == [logging.WARNING]
    clock.now += 5.1
    store.errors = {}
    run(shared.put(KEY, b"content", 60.0))
    assert [level for level, _ in messages(log)] == [logging.WARNING, logging.INFO]


def test_a_client_of_another_event_loop_is_a_miss_but_the_store_is_not_left_alone(
    run: Run,
    store: LockingStore,
    shared: SharedEntries,
    errors: Errors,
    log: pytest.LogCaptureFixture,
) -> None:
    store.errors = {"get": WrongLoopError("its client belongs to another event loop")}
    assert run(shared.get(KEY)) is None
    assert run(shared.get(KEY)) is None
    assert (store.calls, errors.count) == (["get", "get"], 2)
    assert [text for _, text in messages(log)] == [
        "the store can't be used: its client belongs to another event loop"
    ]
