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


class Held:
    """The system's resolver, which answers only once it is released.

    Attributes:
        asked: the names that it was asked for.
    """

    def __init__(self, error: BaseException | None = None) -> None:
        self.asked: list[str] = []
        self._error = error
        self._is_released = threading.Event()

    def __call__(self, host: str, *rest: Any, **named: Any) -> Any:
        self.asked.append(host)
        self._is_released.wait(10)
        if self._error is not None:
            raise self._error
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", SOCKADDR)]

    def release_for(self, calls: int, host: str = "a.example") -> None:
        """Answer once so many calls wait for a name."""
        while len(resolver._look_ups._replies.get((host, 80), ())) < calls:
            time.sleep(0.001)
        self._is_released.set()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    held = Held()
    monkeypatch.setattr(socket, "getaddrinfo", held)
    return held


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


def test_calls_share_a_look_up_even_after_the_first_has_given_up(held: Held) -> None:
    give_up("a.example")
    with ThreadPoolExecutor(3) as threads:
        later = [
            *(threads.submit(resolve, "a.example", 80, Deadline.after(10)) for _ in range(2)),
            threads.submit(asyncio.run, resolve_async("a.example", 80)),
        ]
        held.release_for(4)
        assert [one.result()[0].sockaddr for one in later] == [SOCKADDR] * 3
    assert held.asked == ["a.example"]


def test_the_number_of_threads_is_limited_and_the_rest_waits(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver, "_THREAD_LIMIT", 3)
    for number in range(5):
        give_up(f"{number}.example")
    assert held.asked == ["0.example", "1.example", "2.example"]
    with ThreadPoolExecutor(1) as threads:
        last = threads.submit(resolve, "last.example", 80, Deadline.after(10))
        held.release_for(1, "last.example")
        assert last.result()[0].sockaddr == SOCKADDR
    assert held.asked[3:] == ["3.example", "4.example", "last.example"]


def errors_of_two_calls(held: Held) -> list[BaseException | None]:
    """Return the errors of two calls that share a look-up."""
    with ThreadPoolExecutor(2) as threads:
        calls = [threads.submit(resolve, "a.example", 80, Deadline.after(10)) for _ in range(2)]
        held.release_for(2)
        return [one.exception() for one in calls]


def test_calls_that_share_a_failure_have_errors_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = Held(socket.gaierror(socket.EAI_NONAME, "no such name"))
    monkeypatch.setattr(socket, "getaddrinfo", held)
    first, second = errors_of_two_calls(held)
    assert first is not second
    for error in (first, second):
        assert isinstance(error, socket.gaierror)
        assert error.errno == socket.EAI_NONAME
        frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        assert frames.count("resolve") == 1


class Uncopyable(Exception):  # noqa: N818 - of someone who patched the resolver.
    def __reduce__(self) -> Any:
        raise TypeError("it can't be copied")


def test_an_error_that_cannot_be_copied_reaches_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(Uncopyable())
    monkeypatch.setattr(socket, "getaddrinfo", held)
    errors = errors_of_two_calls(held)
    assert {type(error) for error in errors} == {Uncopyable, OSError}


def test_an_event_loop_that_has_ended_does_not_disturb_the_others(held: Held) -> None:
    async def give_up_in_loop() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await resolve_async("a.example", 80)

    asyncio.run(give_up_in_loop())
    with ThreadPoolExecutor(1) as threads:
        later = threads.submit(resolve, "a.example", 80, Deadline.after(10))
        held.release_for(2)
        assert later.result()[0].sockaddr == SOCKADDR


def test_a_call_that_is_cancelled_before_its_deadline_ends_as_cancelled(held: Held) -> None:
    async def main() -> None:
        task = asyncio.ensure_future(resolve_async("a.example", 80))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    held.release_for(1)


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
