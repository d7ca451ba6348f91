"""Look-ups of names: shared, limited in number, and harmless to those who have given up."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.support import in_child
from tests.transports.names import hanging, resolving_to

from usersmanager.transports import Deadline
from usersmanager.transports.http1 import resolver
from usersmanager.transports.http1.resolver import ResolverTimeoutError, resolve, resolve_async

SOCKADDR = ("192.0.2.1", 80)


@pytest.fixture(autouse=True)
def look_ups(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Start without look-ups in progress."""
    fresh = resolver._LookUps()
    monkeypatch.setattr(resolver, "_look_ups", fresh)
    yield fresh
    limit = time.monotonic() + 5
    while fresh._thread_count and time.monotonic() < limit:
        time.sleep(0.001)
    assert not fresh._thread_count
    assert not fresh._replies


def give_up(host: str) -> None:
    with pytest.raises(ResolverTimeoutError):
        resolve(host, 80, Deadline.after(0.05))


def test_an_ip_address_needs_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "_request", None)
    for host in ("192.0.2.1", "2001:db8::1"):
        assert resolve(host, 80, Deadline.after(1))[0].sockaddr[:2] == (host, 80)
        assert asyncio.run(resolve_async(host, 80))[0].sockaddr[:2] == (host, 80)


@pytest.mark.parametrize("host", ["localhost", "LocalHost.", "tenant.localhost", "a.b.localhost."])
def test_a_name_of_the_loopback_needs_no_resolver(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver, "_request", None)
    expected = [("127.0.0.1", 80), ("::1", 80, 0, 0)]
    assert [one.sockaddr for one in resolve(host, 80, Deadline.after(1))] == expected
    assert [one.sockaddr for one in asyncio.run(resolve_async(host, 80))] == expected


@pytest.mark.parametrize("host", ["notlocalhost", "localhost.example"])
def test_a_name_that_only_looks_like_the_loopback_is_looked_up(host: str) -> None:
    with resolving_to(SOCKADDR) as asked:
        resolve(host, 80, Deadline.after(5))
    assert asked == [host]


def test_a_name_is_looked_up_anew_by_each_call_that_does_not_overlap() -> None:
    with resolving_to(SOCKADDR) as asked:
        for _ in range(2):
            assert [one.sockaddr for one in resolve("a.example", 80, Deadline.after(5))] == [
                SOCKADDR
            ]
        assert len(asyncio.run(resolve_async("a.example", 80))) == 1
    assert asked == ["a.example"] * 3


def test_calls_share_a_look_up_even_after_the_first_has_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_over = threading.Event()
    asked = []

    def slow(host: str, *rest: Any, **named: Any) -> Any:
        asked.append(host)
        is_over.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", SOCKADDR)]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    give_up("a.example")
    with ThreadPoolExecutor(3) as threads:
        later = [
            *(threads.submit(resolve, "a.example", 80, Deadline.after(10)) for _ in range(2)),
            threads.submit(asyncio.run, resolve_async("a.example", 80)),
        ]
        while len(resolver._look_ups._replies["a.example", 80]) < 4:
            time.sleep(0.001)
        is_over.set()
        assert [one.result()[0].sockaddr for one in later] == [SOCKADDR] * 3
    assert asked == ["a.example"]


def test_the_number_of_threads_is_limited_and_the_rest_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resolver, "_THREAD_LIMIT", 3)
    is_over = threading.Event()
    asked = []

    def slow(host: str, *rest: Any, **named: Any) -> Any:
        asked.append(host)
        is_over.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", SOCKADDR)]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    for number in range(5):
        give_up(f"{number}.example")
    assert asked == ["0.example", "1.example", "2.example"]
    with ThreadPoolExecutor(1) as threads:
        last = threads.submit(resolve, "last.example", 80, Deadline.after(10))
        while ("last.example", 80) not in resolver._look_ups._replies:
            time.sleep(0.001)
        is_over.set()
        assert last.result()[0].sockaddr == SOCKADDR
    assert asked[3:] == ["3.example", "4.example", "last.example"]


def test_calls_that_share_a_failure_have_errors_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_over = threading.Event()

    def failing(*arguments: Any, **named: Any) -> Any:
        is_over.wait(10)
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    def call(number: int) -> BaseException:
        try:
            resolve("a.example", 80, Deadline.after(10))
        except OSError as error:
            return error
        raise AssertionError

    monkeypatch.setattr(socket, "getaddrinfo", failing)
    with ThreadPoolExecutor(2) as threads:
        calls = [threads.submit(call, number) for number in range(2)]
        while len(resolver._look_ups._replies.get(("a.example", 80), ())) < 2:
            time.sleep(0.001)
        is_over.set()
        first, second = (one.result() for one in calls)
    assert first is not second
    for error in (first, second):
        assert isinstance(error, socket.gaierror)
        assert error.errno == socket.EAI_NONAME
        assert [frame.name for frame in traceback.extract_tb(error.__traceback__)].count(
            "call"
        ) == 1


class Uncopyable(Exception):  # noqa: N818 - of someone who patched the resolver.
    def __reduce__(self) -> Any:
        raise TypeError("it can't be copied")


def test_an_error_that_cannot_be_copied_reaches_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = threading.Event()
    error = Uncopyable()

    def failing(*arguments: Any, **named: Any) -> Any:
        is_over.wait(10)
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", failing)
    with ThreadPoolExecutor(2) as threads:
        calls = [
            threads.submit(resolve, "a.example", 80, Deadline.after(10)) for number in range(2)
        ]
        while len(resolver._look_ups._replies.get(("a.example", 80), ())) < 2:
            time.sleep(0.001)
        is_over.set()
        errors = [one.exception() for one in calls]
    assert error in errors
    assert {type(one) for one in errors} == {Uncopyable, OSError}


def test_an_event_loop_that_has_ended_does_not_disturb_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_over = threading.Event()

    def slow(*arguments: Any, **named: Any) -> Any:
        is_over.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", SOCKADDR)]

    async def give_up_in_loop() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await resolve_async("a.example", 80)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    asyncio.run(give_up_in_loop())
    with ThreadPoolExecutor(1) as threads:
        later = threads.submit(resolve, "a.example", 80, Deadline.after(10))
        while len(resolver._look_ups._replies["a.example", 80]) < 2:
            time.sleep(0.001)
        is_over.set()
        assert later.result()[0].sockaddr == SOCKADDR


def test_a_name_without_an_address_cannot_be_resolved() -> None:
    with resolving_to(), pytest.raises(socket.gaierror):
        resolve("a.example", 80, Deadline.after(5))


def test_a_name_that_idna_cannot_encode_cannot_be_resolved() -> None:
    with pytest.raises(socket.gaierror):
        resolve("a" * 64 + ".example", 80, Deadline.after(5))


def test_without_another_thread_a_name_cannot_be_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(socket.gaierror):
        resolve("a.example", 80, Deadline.after(5))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_does_not_wait_for_threads_of_its_parent() -> None:
    def resolve_in_child() -> str:
        with resolving_to(SOCKADDR):
            return str(resolve("a.example", 80, Deadline.after(5))[0].sockaddr)

    with hanging("a.example"):
        give_up("a.example")
        assert in_child(resolve_in_child) == str(SOCKADDR)
