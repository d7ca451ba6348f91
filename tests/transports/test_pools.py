"""The pool of every transport: its limit, its idle connections and its statistics."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.callers import KINDS, Caller, Kind
from tests.descriptors import count_descriptors, settled_descriptors

from usersmanager.testing import FaultServer, Peer, profile
from usersmanager.testing.certificates import client_context, server_context
from usersmanager.testing.contracts.cases import make_request, subject
from usersmanager.transports import PoolStats

EVERY_KIND = pytest.mark.parametrize("kind", KINDS, ids=str)


def make(kind: Kind, **settings: Any) -> tuple[Any, Caller]:
    """Return a transport and its caller."""
    made: list[Any] = []

    def transport(**settings: Any) -> Any:
        made.append(kind.transport(**settings))
        return made[0]

    caller = Kind(kind.name, transport, kind.is_async, kind.loop_factory).caller(
        discover=False, **settings
    )
    return made[0], caller


@EVERY_KIND
def test_the_limit_is_that_of_all_origins_together_and_idle_connections_make_room(
    kind: Kind,
) -> None:
    transport, caller = make(kind, pool_size=2)
    with FaultServer() as one, FaultServer() as two, FaultServer() as three, caller:
        for server in (one, two, one):
            caller.get_info(server.origin, "t")
        descriptors = count_descriptors()
        caller.get_info(three.origin, "t")
        assert settled_descriptors(descriptors) <= descriptors
        assert {origin: stats.idle for origin, stats in transport.stats().items()} == {
            one.origin: 1,
            two.origin: 0,
            three.origin: 1,
        }
        caller.get_info(one.origin, "t")
        assert (one.connections, two.connections, three.connections) == (1, 1, 1)


@EVERY_KIND
def test_a_request_that_may_not_reuse_a_connection_takes_the_place_of_an_idle_one(
    kind: Kind,
) -> None:
    link = b"HTTP/1.1 200 OK\r\nContent-Length: 28\r\n\r\nhttps://tenant.example/link?a"

    def answer(peer: Peer) -> None:
        while request := peer.request():
            peer.send(link if request.startswith(b"POST") else profile("t"))

    transport, caller = make(kind, pool_size=1)
    with FaultServer(otherwise=answer) as server, caller:
        caller.get_info(server.origin, "t")
        assert caller.impersonate(server.origin, "t").startswith("https://")
        assert transport.stats()[server.origin] == PoolStats(opened=2)


@EVERY_KIND
def test_an_idle_connection_is_not_used_again_after_the_timeout(kind: Kind) -> None:
    _, caller = make(kind, idle_timeout=0.05)
    with FaultServer() as server, caller:

        def is_reused() -> bool:
            before = server.connections
            caller.get_info(server.origin, "t")
            return server.connections == before

        is_reused()
        assert any(is_reused() for _ in range(1000))  # As soon as the machine is quick enough.
        caller.idle(0.06)
        assert not is_reused()


@EVERY_KIND
def test_the_statistics_say_what_the_pool_does(kind: Kind) -> None:
    seen: list[PoolStats] = []

    def look(peer: Peer) -> None:
        while peer.request():
            while transport.stats()[server.origin].waiting != (2 if not seen else 0):
                time.sleep(0.001)
            seen.append(transport.stats()[server.origin])
            peer.send(profile("t"))
            seen.extend([seen[0]] * 2)  # The others need not wait for one another.
            while peer.request():
                peer.send(profile("t"))

    transport, caller = make(kind, pool_size=1)
    with FaultServer(look) as server, caller:
        assert transport.stats() == {}
        caller.get_info_together(server.origin, ["t"] * 3)
        assert seen[0] == PoolStats(in_use=1, idle=0, waiting=2, opened=1)
        assert transport.stats() == {server.origin: PoolStats(idle=1, opened=1)}
        with pytest.raises(TypeError):
            transport.stats()[server.origin] = PoolStats()
    # That of an event loop has gone with it.
    assert transport.stats() == ({} if kind.is_async else {server.origin: PoolStats(opened=1)})


@EVERY_KIND
def test_the_statistics_may_be_asked_for_in_a_signal_handler(kind: Kind) -> None:
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("Python runs signal handlers in the main thread alone")
    seen: list[Any] = []

    def look(number: int, frame: object) -> None:
        seen.append(transport.stats())

    transport, caller = make(kind)
    before: Any = signal.signal(signal.SIGALRM, look)
    try:
        with FaultServer() as server, caller:
            signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
            for _ in range(100):
                caller.get_info(server.origin, "t")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert seen
    assert all(one.in_use + one.idle <= 1 for stats in seen for one in stats.values())


@pytest.mark.slow
@EVERY_KIND
def test_the_statistics_are_right_at_every_moment(kind: Kind) -> None:
    """Read from a thread and, in the main thread, from a signal handler, while many calls run."""
    size, number = 8, 1000 if kind.is_async else 64
    transport, caller = make(kind, pool_size=size, connect_timeout=60.0)
    sums: list[int] = []
    failures: list[BaseException] = []
    is_over = threading.Event()

    def look(*_: object) -> None:
        try:
            sums.append(sum(one.in_use + one.idle for one in transport.stats().values()))
        except BaseException as error:
            failures.append(error)

    def keep_looking() -> None:
        while not is_over.is_set():
            look()

    reader = threading.Thread(target=keep_looking)
    is_main = threading.current_thread() is threading.main_thread()
    before: Any = signal.signal(signal.SIGALRM, look) if is_main else None
    try:
        reader.start()
        if is_main:
            signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        with FaultServer() as one, FaultServer() as two, caller:
            for server in (one, two) * (2 if kind.is_async else 8):
                caller.get_info_together(server.origin, ["t"] * number)
            assert {(stats.in_use, stats.waiting) for stats in transport.stats().values()} == {
                (0, 0)
            }
    finally:
        if is_main:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        is_over.set()
        reader.join()
    assert failures == []
    assert max(sums) <= size


@EVERY_KIND
def test_closing_lets_running_calls_end(kind: Kind) -> None:
    """Over the transport itself: a manager waits for its calls."""
    is_closing = threading.Event()

    def answer_late(peer: Peer) -> None:
        peer.request()
        is_closing.wait(5)
        peer.send(profile("late"))
        peer.wait_closed()

    with FaultServer(answer_late) as server:
        close_during_call(kind, server, is_closing)


def close_during_call(kind: Kind, server: FaultServer, is_closing: threading.Event) -> None:
    transport = kind.transport()

    def wait_for_request() -> None:
        while not server.requests:
            time.sleep(0.001)

    async def main() -> str:
        call = asyncio.ensure_future(transport.asend(make_request(server)))
        await asyncio.to_thread(wait_for_request)
        await transport.aclose()
        is_closing.set()
        return subject(await call)

    if kind.is_async:
        assert asyncio.run(main()) == "late"
        return
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(transport.send, make_request(server))
        wait_for_request()
        transport.close()
        is_closing.set()
        assert subject(call.result(5)) == "late"


@EVERY_KIND
@pytest.mark.parametrize("is_tls", [False, True])
def test_nothing_is_left_open_by_a_transport_that_was_closed(kind: Kind, is_tls: bool) -> None:
    descriptors = count_descriptors()
    context = server_context() if is_tls else None
    with (
        FaultServer(ssl_context=context, host="localhost") as server,
        kind.caller(discover=False, ssl_context=client_context()) as caller,
    ):
        caller.get_info(server.origin, "t")
    assert settled_descriptors(descriptors) <= descriptors
