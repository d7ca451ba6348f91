"""Clients that a RedisStore can't use are rejected, and the error says what to write."""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

import pytest
from tests.plugins.cache.clients import Library
from tests.plugins.cache.support import shown_by

from usersmanager import ArgumentError
from usersmanager_cache.redis_store import RedisStore

GOOD = {"socket_timeout": 0.25, "socket_connect_timeout": 0.25}


@pytest.fixture(params=["redis", "valkey"])
def library(request: pytest.FixtureRequest) -> Library:
    return Library(request.param)


def error_of(*arguments: Any, **options: Any) -> str:
    with pytest.raises(ArgumentError) as caught:
        RedisStore(*arguments, **options)
    return str(caught.value)


@pytest.mark.parametrize("timeout", [0.01, 0.25, 1, 1.0])
@pytest.mark.parametrize("times", [0, 1])
def test_a_sync_client_that_soon_gives_up_is_accepted(
    library: Library, timeout: float, times: int
) -> None:
    RedisStore(library.client(socket_timeout=timeout, retry=library.retry(times)))
    url = "redis://127.0.0.1"
    RedisStore(library.client.from_url(url, socket_timeout=timeout, retry=library.retry(times)))


@pytest.mark.parametrize(
    ("options", "times"),
    [
        ({"socket_timeout": None}, 0),
        ({"socket_timeout": 1.01}, 0),
        ({"socket_timeout": 0.25}, 2),
        ({"socket_timeout": 0.25}, -1),
        ({"socket_timeout": 5, "unix_socket_path": "/no/socket"}, 0),
        ({"socket_timeout": 5, "ssl": True}, 0),
    ],
)
def test_a_sync_client_that_might_wait_long_is_rejected(
    library: Library, options: dict[str, Any], times: int
) -> None:
    error = error_of(library.client(**options, retry=library.retry(times)))
    assert error.startswith("client must not wait long for the server: write socket_timeout=0.25")
    assert "retry=Retry(NoBackoff(), 0)" in error


def test_a_sync_client_with_default_options_is_rejected(library: Library) -> None:
    assert "must not wait long for the server" in error_of(library.client())
    pool = library.module.ConnectionPool.from_url("redis://127.0.0.1")
    assert "must not wait long for the server" in error_of(library.client(connection_pool=pool))


def test_the_effective_timeout_of_a_pool_counts(library: Library) -> None:
    pool = library.module.ConnectionPool(**GOOD, retry=library.retry(0))
    RedisStore(library.client(connection_pool=pool))


@pytest.mark.parametrize(("timeout", "accepted"), [(20, False), (None, True), (0.5, True)])
def test_a_pool_that_might_block_long_is_rejected(
    library: Library, timeout: float | None, accepted: bool
) -> None:
    pool = library.module.BlockingConnectionPool(timeout=timeout, **GOOD, retry=library.retry(0))
    client = library.client(connection_pool=pool)
    if accepted:
        RedisStore(client)
    else:
        assert "write BlockingConnectionPool(timeout=0.25, ...)" in error_of(client)


def test_an_asyncio_client_needs_no_timeout(library: Library) -> None:
    RedisStore(async_client=library.async_client())


def test_a_client_that_decodes_is_rejected(library: Library) -> None:
    options = {**GOOD, "decode_responses": True}
    text = "must not decode responses: leave decode_responses out"
    assert error_of(library.client(**options)) == f"client {text}"
    assert error_of(async_client=library.async_client(**options)) == f"async_client {text}"


def test_a_client_of_the_other_style_is_rejected(library: Library) -> None:
    assert error_of(library.async_client()) == (
        "client is an asyncio client: pass it as async_client"
    )
    assert error_of(async_client=library.client(**GOOD)) == (
        "async_client is a sync client: pass it as client"
    )


def test_a_class_is_rejected(library: Library) -> None:
    name = library.client.__name__
    assert error_of(library.client) == f"client is a class: pass an instance, {name}(...)"
    assert error_of(async_client=library.async_client) == (
        f"async_client is a class: pass an instance, {name}(...)"
    )


def test_sentinel_clients_are_rejected(library: Library) -> None:
    sentinel = importlib.import_module(f"{library.name}.sentinel").Sentinel([("127.0.0.1", 1)])
    asyncio_sentinel = importlib.import_module(f"{library.name}.asyncio.sentinel")
    client = sentinel.master_for("primary", **GOOD)
    async_client = asyncio_sentinel.Sentinel([("127.0.0.1", 1)]).master_for("primary")
    text = "Cluster and Sentinel clients are not supported"
    assert text in error_of(client)
    assert text in error_of(sentinel)
    assert text in error_of(async_client=async_client)


def test_cluster_clients_are_rejected(library: Library) -> None:
    # Not constructed: that would connect.
    cluster = getattr(library.module, f"{library.name.capitalize()}Cluster")
    async_cluster = getattr(library.asyncio, f"{library.name.capitalize()}Cluster")
    text = "Cluster and Sentinel clients are not supported"
    assert text in error_of(cluster.__new__(cluster))
    assert text in error_of(async_client=async_cluster.__new__(async_cluster))


@pytest.mark.parametrize("value", ["redis://127.0.0.1", 5, object()])
def test_what_is_no_client_is_rejected(value: Any) -> None:
    assert error_of(value).startswith("client must be a redis.Redis or a client of valkey-py")
    assert error_of(async_client=value).startswith("async_client must be a redis.asyncio.Redis")


def test_a_rejected_client_is_not_shown(library: Library) -> None:
    # The repr of a client of redis-py 5 or 6 shows the password.
    for name, client in {
        "client": library.client(password="hush"),
        "async_client": library.async_client(password="hush", decode_responses=True),
    }.items():
        with pytest.raises(ArgumentError) as caught:
            RedisStore(**{name: client})
        assert "hush" not in shown_by(caught.value)


def test_a_store_without_a_client_is_rejected() -> None:
    assert "pass client or async_client, or use from_url" in error_of()


@pytest.mark.parametrize("timeout", [0, -1, True, "1", float("nan"), float("inf")])
def test_an_invalid_timeout_is_rejected(library: Library, timeout: Any) -> None:
    client = library.async_client()
    assert error_of(async_client=client, timeout=timeout).startswith("timeout must be")
    with pytest.raises(ArgumentError, match="timeout must be"):
        RedisStore.from_url("redis://127.0.0.1", timeout=timeout)


# URLs.


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:6379/0",
        "redis://user:hush@127.0.0.1",
        "rediss://:hush@redis.example:6380/1",
        "unix:///run/redis.sock?db=1",
    ],
)
def test_a_url_makes_a_store_of_both_styles(url: str) -> None:
    store = RedisStore.from_url(url)
    assert "hush" not in repr(store) + repr(vars(store))


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://:hush@127.0.0.1", "url is invalid: pass one like redis://127.0.0.1:6379/0"),
        ("redis://:hush@127.0.0.1:port", "url is invalid"),
        ("redis://:hush@127.0.0.1?unknown=1", "url is invalid"),
        ("redis://:hush@127.0.0.1?socket_timeout=5", "url must not wait long for the server"),
        ("redis://:hush@127.0.0.1?decode_responses=true", "url must not decode responses"),
        (b"redis://:hush@127.0.0.1", "url is invalid"),
        (None, "url is invalid"),
    ],
)
def test_an_invalid_url_is_rejected_and_not_shown(url: Any, text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        RedisStore.from_url(url)
    assert text in str(caught.value)
    assert "hush" not in shown_by(caught.value)


def test_a_call_over_a_url_may_take_a_second_at_most() -> None:
    with pytest.raises(ArgumentError, match="timeout must be at most 1 second"):
        RedisStore.from_url("redis://127.0.0.1", timeout=1.5)


def test_the_clients_of_a_url_give_up_after_the_timeout_and_open_a_connection_per_thread() -> None:
    async def asyncio_pool() -> Any:
        return store._clients.asyncio().connection_pool

    store = RedisStore.from_url("redis://127.0.0.1", timeout=0.125)
    for pool in (store._clients.sync().connection_pool, asyncio.run(asyncio_pool())):
        connection = pool.connection_class(**pool.connection_kwargs)
        assert connection.socket_timeout == connection.socket_connect_timeout == 0.125
        assert connection.retry._retries == 0
        assert pool.max_connections >= 1000


def test_a_url_with_tls_verifies_the_host_name_in_every_version_of_redis_py() -> None:
    store = RedisStore.from_url("rediss://redis.example")
    pool = store._clients.sync().connection_pool
    assert pool.connection_kwargs["ssl_check_hostname"] is True
