"""Entries in a store: found by any secret, bound to their keys, with a lock for the fleet."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.plugins.cache.support import (
    KEY,
    OTHER_KEY,
    SECRET,
    DictStore,
    LockingStore,
    Run,
    arun,
    running,
    shared_entries,
    simulated_waits,
)
from tests.support import in_child

from usersmanager import DeadlineExceededError, PluginError
from usersmanager.plugins import Secret
from usersmanager.testing import FakeTransport
from usersmanager_cache import shared as shared_module
from usersmanager_cache.sealing import MAX_CONTENT, Seal

OTHER_SECRET = SECRET[::-1]


def test_an_entry_is_found_until_it_is_deleted(run: Run) -> None:
    shared = shared_entries(DictStore())
    assert run(shared.get(KEY)) is None
    run(shared.put(KEY, b"content", 60.0))
    assert run(shared.get(KEY)) == b"content"
    assert run(shared.get(OTHER_KEY)) is None
    assert run(shared.delete(KEY)) is True
    assert run(shared.get(KEY)) is None


def test_every_entry_has_a_lifetime_and_a_name_in_the_namespace(run: Run) -> None:
    store = LockingStore()
    shared = shared_entries(store)
    run(shared.put(KEY, b"content", 12.5))
    run(shared.acquire(KEY))
    name, lock = store.values
    assert store.lifetimes == {name: 12.5, lock: 1.0}
    assert all(each.startswith("ns:") for each in store.values)


@pytest.mark.parametrize("ttl", [0.0, -1.0])
def test_an_entry_without_a_lifetime_is_not_stored(run: Run, ttl: float) -> None:
    store = DictStore()
    run(shared_entries(store).put(KEY, b"content", ttl))
    assert store.calls == []


def test_an_entry_that_is_too_long_is_not_stored(run: Run) -> None:
    store = DictStore()
    shared = shared_entries(store)
    run(shared.put(KEY, bytes(MAX_CONTENT), 60.0))
    run(shared.put(OTHER_KEY, bytes(MAX_CONTENT + 1), 60.0))
    assert len(store.values) == 1


def test_an_old_secret_still_reads_and_the_first_one_writes(run: Run) -> None:
    store = DictStore()
    run(shared_entries(store, OTHER_SECRET).put(KEY, b"old", 60.0))
    rotated = shared_entries(store, [SECRET, OTHER_SECRET])
    assert run(rotated.get(KEY)) == b"old"
    run(rotated.put(KEY, b"new", 60.0))
    assert run(rotated.get(KEY)) == b"new"
    assert run(shared_entries(store, SECRET).get(KEY)) == b"new"


def test_deleting_covers_the_entries_of_all_secrets(run: Run) -> None:
    store = DictStore()
    for secret in (SECRET, OTHER_SECRET):
        run(shared_entries(store, secret).put(KEY, b"content", 60.0))
    assert run(shared_entries(store, (SECRET, OTHER_SECRET)).delete(KEY)) is True
    assert store.values == {}


def test_an_entry_that_cannot_be_decrypted_is_a_miss(run: Run) -> None:
    store = DictStore()
    shared = shared_entries(store)
    run(shared.put(KEY, b"content", 60.0))
    run(shared.put(OTHER_KEY, b"other", 60.0))
    first, second = store.values
    store.values[first], store.values[second] = store.values[second], store.values[first]
    assert run(shared.get(KEY)) is run(shared.get(OTHER_KEY)) is None
    store.values[first] = b"nonsense"
    assert run(shared.get(KEY)) is None


def test_an_unreadable_entry_of_one_secret_does_not_hide_that_of_another(run: Run) -> None:
    store = DictStore()
    run(shared_entries(store, OTHER_SECRET).put(KEY, b"old", 60.0))
    rotated = shared_entries(store, [SECRET, OTHER_SECRET])
    store.values[Seal(Secret(SECRET), Secret(KEY), "ns").name] = b"nonsense"
    assert run(rotated.get(KEY)) == b"old"


# The lock of the fleet.


def test_one_of_a_fleet_gets_the_lock_and_the_next_after_its_release(run: Run) -> None:
    store = LockingStore()
    first, second = shared_entries(store), shared_entries(store)
    assert run(first.acquire(KEY)) is True
    assert run(second.acquire(OTHER_KEY)) is True
    run(first.release(KEY))
    assert run(second.acquire(KEY)) is True


def test_nobody_waits_for_the_lock_longer_than_it_lasts(style: str, fake: FakeTransport) -> None:
    store = LockingStore()
    with simulated_waits(fake.waits), running(style, transport=fake) as run:
        assert run(shared_entries(store).acquire(KEY)) is True
        assert run(shared_entries(store).acquire(KEY)) is False
    assert shared_module._LOCK_SECONDS == 1.0
    assert all(0.02 <= wait <= 0.1 for wait in fake.waits)
    assert 0.9 < sum(fake.waits) < 1.001
    assert store.calls.count("add") == len(fake.waits) + 2


def test_nobody_waits_for_the_lock_longer_than_asked(style: str, fake: FakeTransport) -> None:
    store = LockingStore()
    with simulated_waits(fake.waits), running(style, transport=fake) as run:
        run(shared_entries(store).acquire(KEY))
        assert run(shared_entries(store).acquire(KEY, patience=0.15)) is False
    assert 0.05 < sum(fake.waits) < 0.151


def test_a_lock_that_another_process_has_by_now_is_not_released(run: Run) -> None:
    store = LockingStore()
    slow, next_one = shared_entries(store), shared_entries(store)
    run(slow.acquire(KEY))
    store.values.clear()  # It has expired.
    run(next_one.acquire(KEY))
    run(slow.release(KEY))
    assert len(store.values) == 1
    run(next_one.release(KEY))
    assert store.values == {}


def test_a_forked_process_does_not_release_the_lock_of_its_parent() -> None:
    store = LockingStore()
    shared = shared_entries(store)
    with running("sync") as run:
        run(shared.acquire(KEY))

        def release() -> str:
            run(shared.release(KEY))
            return str(len(store.values))

        assert in_child(release) == "1"


@pytest.mark.parametrize("error", [None, OSError()])
def test_without_a_lock_everybody_makes_the_request(run: Run, error: Exception | None) -> None:
    store: DictStore = DictStore() if error is None else LockingStore()
    store.errors = {} if error is None else {"add": error}
    shared = shared_entries(store)
    assert run(shared.acquire(KEY)) is run(shared.acquire(KEY)) is True
    run(shared.release(KEY))


def test_waiting_for_the_lock_keeps_the_deadline_of_the_call(
    style: str, fake: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_module, "_LOCK_SECONDS", 60.0)
    store = LockingStore()
    with simulated_waits(fake.waits), running(style, timeout=10, transport=fake) as run:
        run(shared_entries(store).acquire(KEY))
        with pytest.raises(DeadlineExceededError):
            run(shared_entries(store).acquire(KEY, patience=60.0))
    assert 9.8 < sum(fake.waits) <= 10


# The styles of a store.


class SyncStore:
    def __init__(self) -> None:
        store = DictStore()
        self.get, self.set, self.delete = store.get, store.set, store.delete


class AsyncStore:
    def __init__(self) -> None:
        store = DictStore()
        self.aget, self.aset, self.adelete = store.aget, store.aset, store.adelete


def test_a_store_may_have_one_style(run: Run, style: str) -> None:
    shared = shared_entries(SyncStore() if style == "sync" else AsyncStore())
    run(shared.put(KEY, b"content", 60.0))
    assert run(shared.get(KEY)) == b"content"
    assert run(shared.acquire(KEY)) is True


def test_a_store_without_the_style_of_the_manager_is_a_mistake(run: Run, style: str) -> None:
    shared = shared_entries(AsyncStore() if style == "sync" else SyncStore())
    for flow in (shared.get(KEY), shared.put(KEY, b"content", 60.0), shared.delete(KEY)):
        with pytest.raises(PluginError, match=f"can't be used in {style} code: it needs the meth"):
            run(flow)


def test_threads_share_an_instance() -> None:
    shared = shared_entries(DictStore())
    barrier = threading.Barrier(8)

    def work(number: int) -> bool:
        key, content = bytes([number]) * 32, str(number).encode()
        barrier.wait()
        with running("sync") as run:
            for _ in range(50):
                run(shared.put(key, content, 60.0))
                if run(shared.get(key)) != content:
                    return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(8)))


def test_a_burst_of_tasks_makes_few_calls_of_the_store_at_once() -> None:
    class Slow(DictStore):
        now = most = 0

        async def aget(self, name: str) -> bytes | None:
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0)
            self.now -= 1
            return None

    store = Slow()
    shared = shared_entries(store)

    async def main() -> None:
        await asyncio.gather(*(arun(shared.get(KEY)) for _ in range(500)))

    asyncio.run(main())
    assert store.most == 32
