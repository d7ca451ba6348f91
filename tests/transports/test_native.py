"""NativeTransport beside the contract: selection and TLS."""

from __future__ import annotations

import asyncio
import ssl
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.support import make_request

from usersmanager import (
    AsyncUsersManager,
    DeadlineExceededError,
    DisconnectedError,
    TransportError,
    UsersManager,
    UsersManagerError,
)
from usersmanager.plugins import Token
from usersmanager.testing import FaultServer, Peer
from usersmanager.testing.certificates import client_context, server_context
from usersmanager.transports import Deadline
from usersmanager_native import NativeTransport

# Selection.


def test_it_is_not_the_default() -> None:
    with UsersManager("https://tenant.example") as users:
        assert "transport=urllib3 " in repr(users)

    async def main() -> str:
        async with AsyncUsersManager("https://tenant.example") as users:
            return repr(users)

    assert "transport=aiohttp " in asyncio.run(main())


def test_it_is_found_by_name_for_sync_and_asyncio(mode: Any) -> None:
    with FaultServer() as server:
        profile = mode.call("get_info", "mine", base_url=server.origin, transport="native")
    assert profile.sub == "mine"


def test_one_transport_serves_a_sync_and_an_asyncio_manager() -> None:
    transport = NativeTransport()

    async def main(origin: str) -> str:
        async with AsyncUsersManager(origin, transport=transport) as users:
            return (await users.get_info("there")).sub

    with FaultServer() as server, UsersManager(server.origin, transport=transport) as users:
        assert (users.get_info("here").sub, asyncio.run(main(server.origin))) == ("here", "there")


def error_of(mode: Any, origin: str, **settings: Any) -> UsersManagerError:
    with pytest.raises(UsersManagerError) as caught:
        mode.call(
            "get_info",
            "a-token",
            base_url=origin,
            transport=NativeTransport(**settings),
            discover=False,
        )
    return caught.value


@contextmanager
def tls_server(script: Any) -> Iterator[tuple[str, ssl.SSLContext]]:
    """A server, and a client context that trusts it."""
    with FaultServer(script, ssl_context=server_context(), host="localhost") as server:
        yield server.origin, client_context()


UNSIZED_RESPONSE = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"sub": "mine"}'


def test_an_end_without_close_notify_completes_no_body(mode: Any) -> None:
    def close_abruptly(peer: Peer) -> None:
        peer.request()
        peer.send(UNSIZED_RESPONSE)

    with tls_server(close_abruptly) as (origin, trusting):
        assert isinstance(error_of(mode, origin, ssl_context=trusting), DisconnectedError)


def test_close_notify_completes_a_body(mode: Any) -> None:
    def close_in_order(peer: Peer) -> None:
        peer.request()
        peer.send(UNSIZED_RESPONSE)
        peer._sock.unwrap()  # type: ignore[attr-defined] # It is an SSLSocket.

    with tls_server(close_in_order) as (origin, trusting):
        profile = mode.call(
            "get_info",
            "mine",
            base_url=origin,
            transport=NativeTransport(ssl_context=trusting),
            discover=False,
        )
    assert profile.sub == "mine"


def stack_of(thread: threading.Thread) -> traceback.StackSummary:
    frame = sys._current_frames().get(thread.ident or 0)
    return traceback.StackSummary.extract(traceback.walk_stack(frame), capture_locals=True)


@pytest.mark.parametrize("is_tls", [False, True])
def test_a_stack_trace_shows_nothing_of_a_request_that_is_being_sent(is_tls: bool) -> None:
    transport = NativeTransport(ssl_context=client_context())
    with FaultServer(
        otherwise=lambda peer: peer.stall(3),
        ssl_context=server_context() if is_tls else None,
        host="localhost",
    ) as server:
        request = make_request(
            origin=server.origin,
            token=Token("canary"),
            body=b"canary" * 2_000_000,
            idempotent=False,
            deadline=Deadline.after(1.5),
        )
        errors: list[TransportError] = []

        def send() -> None:
            try:
                transport.send(request)
            except TransportError as error:
                errors.append(error)

        sending = threading.Thread(target=send)
        sending.start()
        stack = stack_of(sending)
        while not {"exchange", "_try_nonblocking"} < {frame.name for frame in stack}:
            assert sending.is_alive(), "it was not seen sending"
            time.sleep(0.01)
            stack = stack_of(sending)
        sending.join()
        transport.close()
    assert "canary" not in "".join(stack.format())
    assert [type(error) for error in errors] == [DeadlineExceededError]
