"""The base classes, as a third party derives from them: what `connect` and `aconnect` may do."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.descriptors import count_descriptors, settled_descriptors
from tests.support import make_request
from tests.transports.calls import TRANSPORTS

from usersmanager import (
    AsyncUsersManager,
    ConnectError,
    DisconnectedError,
    TLSError,
    TransportError,
    UsersManager,
)
from usersmanager.testing import FaultServer, Peer
from usersmanager.testing.certificates import client_context, server_context
from usersmanager.transports import (
    AsyncHttp1Transport,
    Deadline,
    Hop,
    Http1Transport,
    PoolStats,
    connect_tcp,
    connect_tcp_async,
)


class Both(Http1Transport, AsyncHttp1Transport):
    """A sync and async transport, with one more argument."""

    def __init__(self, late: Callable[[], object] = bool, **settings: Any) -> None:
        super().__init__(**settings)
        self.late = late
        self.hops: list[Hop] = []

    def connect(self, hop: Hop, deadline: Deadline) -> socket.socket:
        self.hops.append(hop)
        sock = hop.secure(connect_tcp(hop.host, hop.port, deadline), deadline)
        self.late()
        return sock

    async def aconnect(self, hop: Hop) -> asyncio.Transport:
        self.hops.append(hop)
        transport = await connect_tcp_async(hop.host, hop.port, hop.protocol)
        self.late()
        return transport


def get_info(mode: Any, origin: str, transport: Any, token: str = "mine") -> str:
    subject: str = mode.call(
        "get_info", token, base_url=origin, transport=transport, discover=False
    ).sub
    return subject


@pytest.mark.parametrize("is_tls", [False, True])
def test_one_class_serves_both_modes(mode: Any, is_tls: bool) -> None:
    context = server_context() if is_tls else None
    transport = Both(ssl_context=client_context())
    with FaultServer(ssl_context=context, host="localhost") as server:
        assert get_info(mode, server.origin, transport) == "mine"
    (hop,) = transport.hops
    assert (hop.host, hop.server_hostname, hop.port) == ("localhost", "localhost", server.port)
    assert isinstance(hop.tls, ssl.SSLContext) is is_tls


def test_its_statistics_cover_both_modes() -> None:
    transport = Both()

    async def main(origin: str) -> None:
        async with AsyncUsersManager(origin, transport=transport) as users:
            await users.get_info("async")
            assert transport.stats() == {origin: PoolStats(idle=2, opened=2)}

    with FaultServer() as server, UsersManager(server.origin, transport=transport) as users:
        users.get_info("sync")
        asyncio.run(main(server.origin))
        assert transport.stats()[server.origin].idle == 1


@pytest.mark.parametrize("base", [Http1Transport, AsyncHttp1Transport])
def test_a_class_that_opens_no_connection_is_abstract(base: Any) -> None:
    with pytest.raises(TypeError, match="abstract"):
        base()
    assert base.strict is True


def test_every_transport_has_the_same_settings() -> None:
    settings = [inspect.signature(kind) for _, kind in TRANSPORTS.values()]
    assert list(settings[0].parameters) == [
        *("ssl_context", "proxy", "trust_env", "pool_size", "connect_timeout", "idle_timeout"),
        "max_response_bytes",
    ]
    assert all(one.parameters == settings[0].parameters for one in settings)


class Unexpected(Exception):  # noqa: N818 - it is not an error.
    """What is neither an OSError nor a TransportError."""


def fail(error: BaseException) -> Callable[[], object]:
    def raise_() -> object:
        raise error

    return raise_


@pytest.mark.parametrize("is_tls", [False, True])
@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        (ConnectionRefusedError("hush"), ConnectError, "refused"),
        (TimeoutError("hush"), ConnectError, "connect_timeout"),
        (socket.gaierror("hush"), ConnectError, "name_not_found"),
        (ssl.SSLError("hush"), TLSError, "tls"),
        (ConnectError("mine", reason="refused"), ConnectError, "refused"),
        (DisconnectedError("mine", reason="reset"), DisconnectedError, "reset"),
    ],
)
def test_an_error_of_connect_means_that_nothing_was_sent(
    mode: Any, error: Exception, kind: type[TransportError], reason: str, is_tls: bool
) -> None:
    descriptors = count_descriptors()
    context = server_context() if is_tls else None
    transport = Both(fail(error), ssl_context=client_context())
    with FaultServer(ssl_context=context, host="localhost", otherwise=Peer.request) as server:
        with pytest.raises(kind) as caught:
            get_info(mode, server.origin, transport)
        assert server.requests == []
    assert (caught.value.sent, caught.value.reason) == (False, reason)
    assert "hush" not in str(caught.value)
    error.with_traceback(None)
    caught.value.__cause__ = None
    del caught
    assert settled_descriptors(descriptors) <= descriptors


@pytest.mark.parametrize("error", [Unexpected(), KeyboardInterrupt(), ValueError(), RuntimeError()])
def test_any_other_exception_of_connect_passes_through_and_leaves_nothing_open(
    mode: Any, error: BaseException
) -> None:
    descriptors = count_descriptors()
    with FaultServer(otherwise=Peer.wait_closed) as server:
        with pytest.raises(type(error)) as caught:
            get_info(mode, server.origin, Both(fail(error)))
        assert caught.value is error
    error.with_traceback(None)
    del caught
    assert settled_descriptors(descriptors) <= descriptors


# A third party's transports, as they are documented.


@contextlib.contextmanager
def unix_server() -> Iterator[tuple[FaultServer, str]]:
    """A server behind a Unix socket."""
    with tempfile.TemporaryDirectory() as folder, FaultServer() as server:
        path = str(Path(folder, "socket"))
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()

        def forward() -> None:
            connection, _ = listener.accept()
            with connection, socket.create_connection(("127.0.0.1", server.port)) as target:
                while data := connection.recv(65536):
                    target.sendall(data)
                    connection.sendall(target.recv(65536))

        thread = threading.Thread(target=forward)
        thread.start()
        yield server, path
        thread.join(5)
        listener.close()


def test_a_unix_socket_of_an_event_loop() -> None:
    class Unix(AsyncHttp1Transport):
        async def aconnect(self, hop: Hop) -> asyncio.Transport:
            loop = asyncio.get_running_loop()
            return (await loop.create_unix_connection(hop.protocol, path))[0]

    async def main() -> list[str]:
        async with AsyncUsersManager("http://localhost", transport=Unix()) as users:
            return [(await users.get_info(token)).sub for token in ("one", "two")]

    with unix_server() as (server, path):
        assert asyncio.run(main()) == ["one", "two"]
    assert server.connections == 1


def test_one_end_of_a_socketpair() -> None:
    class Pair(Http1Transport):
        def connect(self, hop: Hop, deadline: Deadline) -> socket.socket:
            return hop.secure(ours, deadline)

    def answer() -> None:
        with theirs:
            while theirs.recv(65536):
                theirs.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=answer)
    thread.start()
    transport = Pair()
    for _ in range(2):
        request = make_request(origin="http://localhost", deadline=Deadline.after(5))
        assert transport.send(request).status == 204
    transport.close()
    thread.join()


def test_an_aconnect_that_connects_another_protocol_is_a_type_error() -> None:
    class Wrong(AsyncHttp1Transport):
        async def aconnect(self, hop: Hop) -> asyncio.Transport:
            return await connect_tcp_async(hop.host, hop.port, asyncio.Protocol)

    async def main(origin: str) -> None:
        async with AsyncUsersManager(origin, transport=Wrong(), discover=False) as users:
            await users.get_info("t")

    descriptors = count_descriptors()
    with FaultServer() as server, pytest.raises(TypeError, match=r"hop\.protocol"):
        asyncio.run(main(server.origin))
    assert settled_descriptors(descriptors) <= descriptors
