"""A cache over a shared store: what it stores, for how long, and what a failing store costs."""

from __future__ import annotations

import asyncio
import logging
from enum import Enum
from typing import Any

import pytest
from tests.plugins.cache.calling import JSON, Caller, Provider
from tests.plugins.cache.clocks import DATE, EPOCH, Clocks
from tests.plugins.cache.support import SECRET, DictStore, LockingStore, jwt, simulated_waits
from tests.support import TENANT, simulated_clock

from usersmanager import (
    AsyncUsersManager,
    DisconnectedError,
    ForbiddenError,
    NotFoundError,
    PluginError,
    Request,
    Response,
    UnauthorizedError,
    UsersManager,
)
from usersmanager_cache import Cache, RedisStore, shared


@pytest.fixture
def call(mode: Any, provider: Provider, clocks: Clocks, store: LockingStore) -> Caller:
    """A caller whose cache uses the store."""
    return Caller(mode, provider, Cache(store=store, secret=SECRET, stale_if_error=300))


def another(call: Caller, store: Any, **settings: Any) -> Caller:
    """Return a caller of another process."""
    settings = {"store": store, "secret": SECRET, "stale_if_error": 300, **settings}
    return Caller(call.mode, call.provider, Cache(**settings))


def test_processes_share_a_profile(call: Caller, store: LockingStore) -> None:
    call()
    other = another(call, store)
    assert other() == {"sub": "ada", "version": 1}
    assert (call.requests, other.stats.hits, other.stats.entries) == (1, 1, 0)


def test_a_look_is_one_access(call: Caller, store: LockingStore) -> None:
    call()
    store.calls.clear()
    call()
    assert store.calls == ["get"]


def test_half_of_the_time_of_a_call_remains_for_the_request_while_a_lock_is_held(
    call: Caller, store: LockingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Waiting(Provider):
        """Records the waits for the lock, and the time that remains."""

        def sleep(self, seconds: float) -> None:
            waits.append(seconds)

        async def asleep(self, seconds: float) -> None:
            waits.append(seconds)

        def send(self, request: Request) -> Response:
            remaining.append(request.remaining())
            return super().send(request)

    waits: list[float] = []
    remaining: list[float] = []
    call.provider = Waiting()
    monkeypatch.setattr(shared, "_LOCK_SECONDS", 60.0)
    store.add = lambda *arguments: False  # type: ignore[method-assign] # Its owner has died.
    with simulated_waits(waits):
        assert call(timeout=40) == {"sub": "ada", "version": 1}
    assert 20 <= remaining[0] < 20.1


def test_a_miss_locks_looks_again_stores_and_unlocks(call: Caller, store: LockingStore) -> None:
    call()
    assert store.calls == ["get", "add", "get", "set", "get", "delete"]
    (name,) = store.values
    assert name.startswith("usersmanager:")
    assert store.lifetimes[name] == 360


def test_a_call_through_two_caches_over_one_store_does_not_wait_for_itself(
    call: Caller, store: LockingStore
) -> None:
    plugins = [call.cache, another(call, store).cache]
    assert call(plugins=plugins)["version"] == 1
    assert store.calls.count("add") == 1
    assert len(store.values) == 1  # The entry. The lock is gone.
    call("bob", plugins=plugins)
    assert store.calls.count("add") == 2


def test_a_cache_in_the_process_outside_a_shared_one_leaves_the_lock_to_it(
    call: Caller, store: LockingStore
) -> None:
    call(plugins=[Cache(), call.cache])
    assert store.calls.count("add") == 1


def test_an_entry_is_stored_no_longer_than_its_token_lives(
    call: Caller, store: LockingStore
) -> None:
    call.provider.outcome = Response(200, JSON | {"Date": DATE}, b'{"sub": "ada"}')
    call(jwt({"exp": EPOCH + 100}))
    (name,) = store.values
    assert store.lifetimes[name] == 100


@pytest.mark.parametrize("outcome", [Response(404), DisconnectedError("gone")])
def test_a_failed_request_unlocks_too(call: Caller, store: LockingStore, outcome: Any) -> None:
    call.provider.outcome = outcome
    with pytest.raises((NotFoundError, DisconnectedError)):
        call()
    assert store.values == {}
    assert store.calls[-1] == "delete"


def test_who_waited_for_the_lock_finds_the_entry(call: Caller, store: LockingStore) -> None:
    another(call, store)()
    entry, add = dict(store.values), store.add
    store.values.clear()

    def slow_add(name: str, value: bytes, ttl: float) -> bool:
        store.values.update(entry)  # Another process was faster.
        return add(name, value, ttl)

    store.add = slow_add  # type: ignore[method-assign] # To be late.
    assert call()["version"] == 1
    assert (call.requests, call.stats.hits) == (1, 1)


def test_a_stale_entry_of_another_process_answers(
    call: Caller, store: LockingStore, clocks: Clocks
) -> None:
    call()
    clocks.advance(60)
    call.provider.outcome = DisconnectedError("gone")
    other = another(call, store)
    assert [other()["version"] for _ in range(3)] == [1] * 3
    assert (call.requests, other.stats.stale) == (2, 3)
    clocks.advance(300)
    with pytest.raises(DisconnectedError):
        other()


def test_an_entry_from_the_future_is_a_miss(
    call: Caller, store: LockingStore, clocks: Clocks
) -> None:
    call()
    clocks.wall -= 6
    assert another(call, store)()["version"] == 2


@pytest.mark.parametrize("status", [401, 403])
def test_a_rejection_deletes_the_entry(
    call: Caller, store: LockingStore, clocks: Clocks, status: int
) -> None:
    call()
    clocks.advance(60)
    call.provider.outcome = Response(status)
    with pytest.raises((UnauthorizedError, ForbiddenError)):
        call()
    assert store.values == {}


def test_a_process_that_never_asked_can_forget(call: Caller, store: LockingStore) -> None:
    call()
    assert another(call, store).forget("ada") is True
    assert store.values == {}
    assert call()["version"] == 2


def test_forget_tells_that_the_store_failed(call: Caller, store: LockingStore) -> None:
    call()
    store.errors["delete"] = OSError("secret")
    assert call.forget("ada") is False
    assert call.stats.store_errors == 1


def test_forget_deletes_what_an_old_secret_has_sealed(call: Caller, store: LockingStore) -> None:
    call()
    rotated = another(call, store, secret=[b"a new secret 123", SECRET])
    assert rotated()["version"] == 1
    assert rotated.forget("ada")
    assert store.values == {}


def test_a_response_on_its_way_is_not_stored_if_the_token_is_forgotten(
    call: Caller, store: LockingStore
) -> None:
    profile = call.provider.profile

    def log_out(request: Any) -> Response:
        call.cache.forget("ada")
        return profile(request)

    call.provider.profile = log_out  # type: ignore[method-assign] # In the middle of a request.
    assert call()["version"] == 1
    assert "set" not in store.calls


def test_a_token_that_is_forgotten_while_its_profile_is_stored_is_deleted(
    call: Caller, store: LockingStore
) -> None:
    write = store.set

    def log_out(name: str, value: bytes, ttl: float) -> None:
        call.cache.forget("ada")
        write(name, value, ttl)

    store.set = log_out  # type: ignore[method-assign] # While it is on its way to the store.
    call()
    assert store.values == {}


def test_another_namespace_or_secret_finds_nothing(call: Caller, store: LockingStore) -> None:
    call()
    assert another(call, store, namespace="other")()["version"] == 2
    assert another(call, store, secret=b"another secret 12")()["version"] == 3


def test_a_namespace_in_an_enum_is_its_text(call: Caller, store: LockingStore) -> None:
    class Service(str, Enum):  # noqa: UP042 - a StrEnum would be formatted as its value.
        USERS = "usersmanager"

    call()
    assert another(call, store, namespace=Service.USERS)()["version"] == 1


def test_a_failing_store_costs_requests_alone(
    call: Caller, store: LockingStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "usersmanager.cache")
    store.errors = dict.fromkeys(("get", "set", "add", "delete"), OSError("secret"))
    assert [call()["version"] for _ in range(3)] == [1, 2, 3]
    assert [record.getMessage() for record in caplog.records] == ["the store failed: OSError"]
    assert call.stats.store_errors == 1


def test_a_rejection_is_passed_on_although_the_store_fails(
    call: Caller, store: LockingStore
) -> None:
    store.errors["delete"] = OSError("gone")
    call.provider.outcome = Response(401)
    with pytest.raises(UnauthorizedError):
        call()


def test_a_store_that_stalls_after_the_response_does_not_cost_the_answer() -> None:
    class Stalling(DictStore):
        async def aset(self, name: str, value: bytes, ttl: float) -> None:
            await asyncio.sleep(60)

    class Slow(Provider):
        def send(self, request: Request) -> Response:
            clock.now += 29.9
            return super().send(request)

    cache, provider = Cache(store=Stalling(), secret=SECRET), Slow()

    async def main() -> Any:
        async with AsyncUsersManager(
            TENANT, transport=provider, plugins=[cache], discover=False
        ) as users:
            return await users.get_info("ada", timeout=30)

    with simulated_clock() as clock:
        assert asyncio.run(main()).sub == "ada"


def test_a_store_without_the_style_of_the_manager_is_a_plugin_error(mode: Any) -> None:
    class Sync:
        get = set = delete = lambda self, *args: None

    class Async:
        async def aget(self, *args: Any) -> None: ...

        aset = adelete = aget

    store: Any = Async() if mode.name == "sync" else Sync()
    call = Caller(mode, Provider(), Cache(store=store, secret=SECRET))
    with pytest.raises(PluginError, match=f"can't be used in {mode.name} code"):
        call()


def test_closing_a_manager_closes_the_idle_connections_of_the_store(
    call: Caller, store: LockingStore
) -> None:
    closed: list[str] = []

    async def aclose_idle() -> None:
        closed.append("async")

    store.close_idle = lambda: closed.append("sync")  # type: ignore[attr-defined]
    store.aclose_idle = aclose_idle  # type: ignore[attr-defined]
    call()
    assert closed == [call.mode.name]
    call()
    assert call.requests == 1


def test_a_manager_shows_neither_the_secret_nor_the_address_of_the_store() -> None:
    store = RedisStore.from_url("redis://:hush@127.0.0.1:1/0")
    cache = Cache(store=store, secret=b"hush" * 4)
    with UsersManager(TENANT, transport=Provider(), plugins=[cache]) as users:
        shown = [users, cache, cache._entries, vars(cache), store, vars(store)]
        assert "hush" not in repr(shown)
