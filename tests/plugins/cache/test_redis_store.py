"""Entries in a real Redis and Valkey, over each kind of client."""

from __future__ import annotations

import asyncio
import gc
import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.plugins.cache.clients import PATIENCE, Library, closing, entries_over, patient, store_of
from tests.plugins.cache.servers import Server, running_server, running_tls_server
from tests.plugins.cache.support import (
    KEY,
    OTHER_KEY,
    Errors,
    arun,
    running,
    shared_entries,
)
from tests.support import Clock, in_child

from usersmanager import PluginError
from usersmanager_cache import shared as shared_module
from usersmanager_cache.redis_store import RedisStore

CONTENT = b'{"sub": "auth0|ada"}'


@pytest.fixture(autouse=True)
def _empty(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "server" in request.fixturenames:
        server: Server = request.getfixturevalue("server")
        server.command("FLUSHALL")
        server.wait_for_clients(0)


def test_entries_are_kept_for_their_lifetime(server: Server, kind: str, style: str) -> None:
    with entries_over(kind, style, server) as (shared, run):
        assert run(shared.get(KEY)) is None
        run(shared.put(KEY, CONTENT, 12.5))
        assert run(shared.get(KEY)) == CONTENT
        (name,) = server.command("KEYS", "*")
        assert name.startswith(b"ns:")
        assert 1000 < server.command("PTTL", name) <= 12_500
        assert run(shared.delete(KEY)) is True
        assert run(shared.get(KEY)) is None
        assert run(shared.delete(KEY)) is True


@pytest.fixture
def _long_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock does not expire during a test, even on a busy machine."""
    monkeypatch.setattr(shared_module, "_LOCK_SECONDS", 12.5)


@pytest.mark.usefixtures("_long_lock")
def test_one_of_a_fleet_has_the_lock(server: Server, kind: str, style: str) -> None:
    with (
        entries_over(kind, style, server) as (first, run),
        entries_over("redis", "sync", server) as (second, run_second),
    ):
        assert run(first.acquire(KEY)) is True
        (lock,) = server.command("KEYS", "*")
        assert 1000 < server.command("PTTL", lock) <= 12_500
        assert run(first._access.call("add", lock.decode(), b"another", 1.0)) is False
        run_second(second.release(KEY))
        assert server.command("KEYS", "*") == [lock]
        run(first.release(KEY))
        assert server.command("KEYS", "*") == []
        assert run_second(second.acquire(KEY)) is True


@pytest.mark.usefixtures("_long_lock")
def test_a_dump_contains_no_content_and_no_key(server: Server) -> None:
    with entries_over("redis", "sync", server) as (shared, run):
        run(shared.put(KEY, CONTENT, 60.0))
        run(shared.acquire(KEY))
        names = server.command("KEYS", "*")
        dump = b"".join(names) + b"".join(server.command("GET", name) for name in names)
    for hidden in (b'"sub"', b"auth0|ada", KEY, KEY.hex().encode()):
        assert hidden not in dump


def test_a_value_of_another_type_is_a_miss(server: Server, style: str) -> None:
    with entries_over("from_url", style, server) as (shared, run):
        run(shared.put(KEY, CONTENT, 60.0))
        (name,) = server.command("KEYS", "*")
        server.command("DEL", name)
        server.command("LPUSH", name, "x")
        assert run(shared.get(KEY)) is None


def test_a_value_that_is_too_long_is_not_transferred(server: Server, kind: str, style: str) -> None:
    with entries_over(kind, style, server) as (shared, run):
        run(shared.put(KEY, CONTENT, 60.0))
        (name,) = server.command("KEYS", "*")
        server.command("SETRANGE", name, 10_000_000, "x")
        before = server.command("INFO", "stats")["total_net_output_bytes"]
        assert run(shared.get(KEY)) is None
        assert server.command("INFO", "stats")["total_net_output_bytes"] - before < 1_000_000


# A password, and TLS.


@pytest.fixture(scope="module")
def protected_server() -> Iterator[Server]:
    with running_server("redis", "--requirepass", "hush") as server:
        yield server


def test_a_password_is_used(protected_server: Server, kind: str, style: str) -> None:
    with entries_over(kind, style, protected_server, password="hush") as (shared, run):
        run(shared.put(KEY, CONTENT, 60.0))
        assert run(shared.get(KEY)) == CONTENT


@pytest.mark.parametrize("options", [{}, {"password": "wrong-hush"}])
def test_a_wrong_password_is_a_miss_and_is_not_logged(
    protected_server: Server,
    kind: str,
    style: str,
    options: dict[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with entries_over(kind, style, protected_server, timeout=0.25, **options) as (shared, run):
        assert run(shared.get(KEY)) is None
    (record,) = [record for record in caplog.records if record.name == "usersmanager.cache"]
    # The class depends on the client: some wrap the error, or try again until they are cut.
    assert re.fullmatch(r"the store failed: \w+", record.getMessage())
    assert "hush" not in caplog.text


def test_tls_is_used_and_the_certificate_is_verified(style: str) -> None:
    with running_tls_server("127.0.0.1") as url, running(style) as run:
        shared = shared_entries(store_of(url))
        run(shared.put(KEY, CONTENT, 60.0))
        assert run(shared.get(KEY)) == CONTENT
        shared.close()
        errors = Errors()
        without_authority = url.partition("?")[0]
        distrustful = shared_entries(store_of(without_authority), on_error=errors)
        assert run(distrustful.get(KEY)) is None
        assert errors.count == 1


def test_the_certificate_of_another_host_is_a_miss(style: str) -> None:
    with running_tls_server("other.example") as url, running(style) as run:
        errors = Errors()
        shared = shared_entries(store_of(url), on_error=errors)
        assert run(shared.get(KEY)) is None
        assert errors.count == 1


# A store that fails.


def answer_of(read: Callable[[], bytes | None], clock: Clock) -> bytes | None:
    """Return what is read once the store answers in time, which it need not on a busy machine."""
    latest = time.monotonic() + PATIENCE
    while (answer := read()) is None and time.monotonic() < latest:
        clock.now += 5.1
    return answer


def test_a_hanging_server_is_a_miss_and_later_answers_are_right(
    server: Server, kind: str, style: str, clock: Clock
) -> None:
    with entries_over(kind, style, server, timeout=0.1) as (shared, run):

        def read(key: bytes, *, after: bytes | None = None) -> bytes | None:
            if after is not None:
                run(shared.put(key, after, 60.0))
            return run(shared.get(key))

        assert answer_of(lambda: read(KEY, after=b"first"), clock) == b"first"
        assert answer_of(lambda: read(OTHER_KEY, after=b"second"), clock) == b"second"
        with server.paused():
            assert read(KEY) is None
            clock.now += 5.1
            assert read(KEY, after=b"third") is None
        # Whatever the server still sent to the calls that gave up is not taken for an answer.
        for _ in range(3):
            assert answer_of(lambda: read(OTHER_KEY), clock) == b"second"
            assert answer_of(lambda: read(KEY), clock) in {b"first", b"third"}


def test_a_full_server_can_still_be_read(server: Server, style: str) -> None:
    with entries_over("from_url", style, server) as (shared, run):
        run(shared.put(KEY, CONTENT, 60.0))
        server.command("CONFIG", "SET", "maxmemory", "1")
        try:
            run(shared.put(OTHER_KEY, CONTENT, 60.0))
            assert run(shared.acquire(OTHER_KEY)) is True
            assert run(shared.get(OTHER_KEY)) is None
            assert run(shared.get(KEY)) == CONTENT
            assert run(shared.delete(KEY)) is True
        finally:
            server.command("CONFIG", "SET", "maxmemory", "0")


def test_a_read_only_server_can_still_be_read(server: Server, style: str) -> None:
    with entries_over("from_url", style, server) as (shared, run):
        run(shared.put(KEY, CONTENT, 60.0))
        server.command("REPLICAOF", "127.0.0.1", "1")
        try:
            run(shared.put(KEY, b"new", 60.0))
            assert run(shared.acquire(KEY)) is True
            assert run(shared.delete(KEY)) is False
            assert run(shared.get(KEY)) == CONTENT
        finally:
            server.command("REPLICAOF", "NO", "ONE")


def test_a_restarted_server_is_used_again(kind: str, style: str, clock: Clock) -> None:
    with (
        running_server("redis") as server,
        entries_over(kind, style, server) as (shared, run),
    ):
        run(shared.put(KEY, CONTENT, 60.0))
        server.kill()
        assert run(shared.get(KEY)) is None
        server.start()
        clock.now += 5.1
        assert run(shared.get(KEY)) is None
        run(shared.put(KEY, CONTENT, 60.0))
        assert run(shared.get(KEY)) == CONTENT


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """Run a server that sends the same to everyone, and then closes. Yield its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"redis://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 100, b"$-5\r\n", b"+OK\r\n" * 9]
)
def test_a_server_that_answers_nonsense_is_a_miss(style: str, answer: bytes) -> None:
    errors = Errors()
    with answering(answer) as url, running(style) as run:
        shared = shared_entries(store_of(url), on_error=errors)
        assert run(shared.get(KEY)) is None
        assert run(shared.delete(KEY)) is False
        shared.close()
    assert errors.count == 1


# Event loops, forks and closing.


@pytest.mark.parametrize("name", ["redis", "valkey"])
def test_an_asyncio_client_of_another_event_loop_is_a_miss_and_the_warning_says_so(
    server: Server, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = Library(name).async_client(unix_socket_path=str(server.path))
    shared = shared_entries(patient(RedisStore(async_client=client)))

    async def other_loop() -> Any:
        return await arun(shared.get(KEY))

    async def main() -> None:
        await arun(shared.put(KEY, CONTENT, 60.0))
        assert await asyncio.to_thread(lambda: asyncio.run(other_loop())) is None
        assert await arun(shared.get(KEY)) == CONTENT
        await client.aclose()

    asyncio.run(main())
    assert "its asyncio client belongs to another event loop" in caplog.text


def test_a_store_of_a_url_works_in_each_event_loop(server: Server) -> None:
    shared = shared_entries(store_of(server.url))

    async def main() -> Any:
        await arun(shared.put(KEY, CONTENT, 60.0))
        return await arun(shared.get(KEY))

    assert [asyncio.run(main()) for _ in range(3)] == [CONTENT] * 3


def test_a_store_with_one_client_has_one_style(server: Server) -> None:
    for style, other in (("sync", "async"), ("async", "sync")):
        with (
            entries_over("redis", style, server) as (shared, _),
            running(other) as run,
            pytest.raises(PluginError, match=f"can't be used in {other} code"),
        ):
            run(shared.get(KEY))


def test_closing_closes_the_idle_connections_of_a_url_which_are_opened_again(
    server: Server, style: str
) -> None:
    with running(style) as run:
        store = store_of(server.url)
        shared = shared_entries(store)
        for _ in range(3):
            run(shared.put(KEY, CONTENT, 60.0))
            assert run(shared.get(KEY)) == CONTENT
            server.wait_for_clients(1)
            run(closing(shared))
            server.wait_for_clients(0)


@pytest.mark.parametrize("name", ["redis", "valkey"])
def test_closing_leaves_the_clients_of_the_caller_open(
    server: Server, name: str, style: str
) -> None:
    with entries_over(name, style, server) as (shared, run):
        run(shared.put(KEY, CONTENT, 60.0))
        run(closing(shared))
        server.wait_for_clients(1)


def test_closing_does_not_disturb_a_call_that_uses_a_connection(server: Server) -> None:
    errors = Errors()
    shared = shared_entries(store_of(server.url), on_error=errors)

    async def main() -> None:
        await arun(shared.put(KEY, CONTENT, 60.0))
        calls = [asyncio.ensure_future(arun(shared.get(KEY))) for _ in range(20)]
        for _ in range(20):
            await asyncio.sleep(0)
            await shared.aclose()
        assert await asyncio.gather(*calls) == [CONTENT] * 20

    asyncio.run(main())
    assert errors.count == 0


def test_a_forked_process_uses_its_own_connections(server: Server) -> None:
    store = store_of(server.url)
    shared = shared_entries(store)
    with running("sync") as run:
        run(shared.put(KEY, CONTENT, 60.0))
        before = store._call("client_id")

        def child() -> str:
            content = run(shared.get(KEY))
            return f"{content == CONTENT} {store._call('client_id') == before}"

        assert in_child(child) == "True False"
        assert run(shared.get(KEY)) == CONTENT
        assert store._call("client_id") == before
    shared.close()


def test_a_process_forked_in_an_event_loop_leaves_the_connections_of_the_parent_alone(
    server: Server,
) -> None:
    store = store_of(server.url)
    shared = shared_entries(store)

    def child() -> str:
        asyncio._set_running_loop(None)

        async def main() -> str:
            content = await arun(shared.get(KEY))
            return f"{content == CONTENT} {await store._acall('client_id') == before}"

        answer = asyncio.run(main())
        gc.collect()  # Not even freeing the connections of the parent may touch them.
        return answer

    async def parent() -> None:
        nonlocal before
        await arun(shared.put(KEY, CONTENT, 60.0))
        before = await store._acall("client_id")
        assert in_child(child) == "True False"
        assert await arun(shared.get(KEY)) == CONTENT
        assert await store._acall("client_id") == before

    before = 0
    asyncio.run(parent())


def test_a_forked_process_does_not_use_an_asyncio_client_of_its_parent(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    client = Library("redis").async_client(unix_socket_path=str(server.path))
    shared = shared_entries(patient(RedisStore(async_client=client)))

    def child() -> str:
        asyncio._set_running_loop(None)
        content = asyncio.run(arun(shared.get(KEY)))
        return f"{content} {'another event loop' in caplog.text}"

    async def parent() -> None:
        await arun(shared.put(KEY, CONTENT, 60.0))
        assert in_child(child) == "None True"
        assert await arun(shared.get(KEY)) == CONTENT
        await client.aclose()

    asyncio.run(parent())


@pytest.mark.parametrize("name", ["from_url", "redis"])
def test_an_event_loop_that_was_copied_by_a_fork_uses_no_connection_of_the_parent(
    server: Server, name: str
) -> None:
    with entries_over(name, "async", server) as (shared, run):
        run(shared.put(KEY, CONTENT, 60.0))
        assert in_child(lambda: repr(run(shared.get(KEY)))) == "None"
        assert run(shared.get(KEY)) == CONTENT
