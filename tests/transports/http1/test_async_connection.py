"""AsyncConnection: exchanges, TLS within TLS, deadlines, the end, and unexpected data."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
import traceback
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import pytest
from tests.transports.http1.memory_server import Answering, MemoryServer, new_layer
from tests.transports.http1.readers import Noting

from usersmanager import DeadlineExceededError, ProtocolError
from usersmanager.testing.certificates import client_context, new_authority
from usersmanager.transports import Deadline
from usersmanager.transports.http1.async_connection import AsyncConnection
from usersmanager.transports.http1.tls import TLSLayer

T = TypeVar("T")


class Peer:
    """A connection over one end of a socketpair, and its server at the other.

    Attributes:
        connection: the client's side.
        sock: the server's side, non-blocking.
        servers: those of the layers of TLS, the outermost first.
        reported: what the exception handler of the event loop was called with.
    """

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.connection = AsyncConnection(loop)
        self.ours, self.sock = socket.socketpair()
        self.sock.setblocking(False)
        self.servers: list[MemoryServer] = []
        self.reported: list[Any] = []
        loop.set_exception_handler(lambda loop, context: self.reported.append(context))

    async def connect(self) -> None:
        transport, _ = await asyncio.get_running_loop().create_connection(
            lambda: self.connection.protocol, sock=self.ours
        )
        self.connection.attach(transport)

    async def send(self, data: bytes) -> None:
        """Send data through all layers, at once."""
        for server in reversed(self.servers):
            data = server.encrypt(data)
        await self.send_raw(data)

    async def send_raw(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.sock, data)

    async def receive_raw(self) -> bytes:
        """Return what was sent; b"" at the end of the connection."""
        return await asyncio.get_running_loop().sock_recv(self.sock, 100_000)

    async def wait_ended(self) -> None:
        """Wait for the end of the connection, and until the client's side has noticed it."""
        while await self.receive_raw():
            pass
        await asyncio.sleep(0)

    async def receive(self) -> bytes:
        """Return what was sent through all layers."""
        data = await self.receive_raw()
        for server in self.servers:
            data = server.decrypt(data)
        return data

    async def start_tls(
        self,
        server: MemoryServer,
        layer: TLSLayer | None = None,
        early: Callable[[], bytes] = bytes,
    ) -> None:
        """Establish a layer inside the others.

        Args:
            server: of the layer.
            layer: the client's side.
            early: returns what the server sends with the end of the handshake.
        """
        starting = asyncio.ensure_future(self.connection.start_tls(layer or new_layer()))
        while not (server.is_connected or server.alert):
            data = await self.receive()
            assert data, "the client ended the connection"
            answer = server.answer(data)
            if server.is_connected:
                answer += early()
            if answer:
                await self.send(answer)
        await starting
        self.servers.append(server)


@contextlib.asynccontextmanager
async def connected(*servers: MemoryServer) -> AsyncIterator[Peer]:
    peer = Peer()
    try:
        await peer.connect()
        for server in servers:
            await peer.start_tls(server)
        yield peer
    finally:
        peer.sock.close()
        peer.connection.close()


def tls(version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2, **settings: Any) -> MemoryServer:
    """Return a server, of TLS 1.2 by default, which sends no session tickets."""
    return MemoryServer(version=version, **settings)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a test, which may not hang."""

    async def within() -> T:
        async with asyncio.timeout(5):
            return await work

    return asyncio.run(within())


def soon() -> Deadline:
    return Deadline.after(3)


def layers(depth: int) -> list[MemoryServer]:
    return [tls() for _ in range(depth)]


DEPTHS = pytest.mark.parametrize("depth", [0, 1, 2])


# Exchanges.


class Signalling(Noting):
    """A reader that tells when it gets something."""

    def __init__(self) -> None:
        super().__init__()
        self.has_begun = asyncio.Event()

    def receive_data(self, data: bytes) -> None:
        super().receive_data(data)
        self.has_begun.set()


@DEPTHS
def test_an_exchange_ends_with_its_response_and_leaves_nothing_of_it(depth: int) -> None:
    async def main() -> None:
        async with connected(*layers(depth)) as peer:
            for message in (b"one", b"two"):
                reader = Signalling()
                call = asyncio.ensure_future(peer.connection.exchange(message, reader, soon()))
                assert await peer.receive() == message
                await peer.send(b"the first part, ")
                await reader.has_begun.wait()
                assert not call.done()
                await peer.send(b"and the rest.")
                await call
                assert reader.notes == [b"the first part, ", b"and the rest."]
                assert peer.connection.is_clean()
                kept = weakref.ref(reader)
                del reader, call
                assert kept() is None

    run(main())


def test_an_exchange_ends_at_its_deadline() -> None:
    async def main() -> None:
        async with connected() as peer:
            with pytest.raises(DeadlineExceededError, match="deadline"):
                await peer.connection.exchange(b"a request", Noting(), Deadline.after(0.02))

    run(main())


def test_a_connection_says_when_it_was_opened_and_may_be_closed_twice() -> None:
    async def main() -> None:
        before = time.monotonic()
        async with connected() as peer:
            assert before <= peer.connection.opened_at <= time.monotonic()
            peer.connection.close()
            peer.connection.close()
            assert await peer.receive_raw() == b""

    run(main())


def test_a_connection_says_to_which_address_it_leads() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        connection = AsyncConnection(loop)
        assert connection.peer is None
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = listener.getsockname()
            transport, _ = await loop.create_connection(lambda: connection.protocol, *address)
            connection.attach(transport)
            assert connection.peer == address
            connection.close()

    run(main())


def test_a_message_is_all_sent_once_the_system_has_taken_it() -> None:
    async def main() -> None:
        async with connected() as peer:
            reader = Noting()
            call = asyncio.ensure_future(peer.connection.exchange(bytes(5_000_000), reader, soon()))
            await peer.send(b"An early response.")
            await call
            assert not peer.connection.is_all_sent()
        async with connected() as peer:
            assert peer.connection.is_all_sent()
        assert not AsyncConnection(asyncio.get_running_loop()).is_all_sent()

    run(main())


def test_a_connection_with_another_protocol_is_not_used() -> None:
    async def main() -> bytes:
        ours, theirs = socket.socketpair()
        loop = asyncio.get_running_loop()
        with theirs:
            transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
            with pytest.raises(TypeError, match=r"hop\.protocol"):
                AsyncConnection(loop).attach(transport)
            theirs.setblocking(False)
            return await loop.sock_recv(theirs, 1)

    assert run(main()) == b""


# The end.


@DEPTHS
@pytest.mark.parametrize("announces", [True, False])
def test_an_end_that_tls_does_not_announce_is_not_in_order(depth: int, announces: bool) -> None:
    servers = layers(depth)

    async def main() -> list[object]:
        async with connected(*servers) as peer:
            reader = Noting()
            call = asyncio.ensure_future(peer.connection.exchange(b"a request", reader, soon()))
            assert await peer.receive() == b"a request"
            if announces:
                end = b""
                for server in reversed(servers):
                    end = (server.encrypt(end) if end else b"") + server.end()
                await peer.send_raw(end)
            peer.sock.shutdown(socket.SHUT_WR)
            await call
            assert not peer.connection.is_clean()
            return reader.notes

    assert run(main()) == [announces or not depth]


@pytest.mark.parametrize("depth", [1, 2])
def test_a_response_ends_when_any_layer_of_tls_does(depth: int) -> None:
    servers = layers(depth)

    async def main() -> list[object]:
        async with connected(*servers) as peer:
            reader = Noting()
            call = asyncio.ensure_future(peer.connection.exchange(b"a request", reader, soon()))
            await peer.receive()
            await peer.send_raw(servers[0].end())
            await call
            assert not peer.connection.is_clean()
            return reader.notes

    assert run(main()) == [True]


def test_closing_the_connection_does_not_complete_a_response() -> None:
    async def main() -> list[object]:
        async with connected() as peer:
            reader = Noting()
            call = asyncio.ensure_future(peer.connection.exchange(b"a request", reader, soon()))
            await peer.receive()
            peer.connection.close()
            await call
            return reader.notes

    assert run(main()) == [False]


def test_a_connection_that_was_reset_ends_its_exchange() -> None:
    async def main() -> None:
        async with connected() as peer:
            call = asyncio.ensure_future(peer.connection.exchange(b"a request", Noting(), soon()))
            await asyncio.sleep(0)
            peer.sock.close()  # Without reading the request: this resets it.
            with pytest.raises(ConnectionResetError):
                await call
            assert peer.reported == []

    run(main())


def test_a_connection_that_was_reset_before_its_first_exchange_is_not_used() -> None:
    async def main() -> None:
        connection = AsyncConnection(asyncio.get_running_loop())
        connection.connection_lost(ConnectionResetError())
        with pytest.raises(ConnectionResetError):
            await connection.exchange(b"a request", Noting(), soon())

    run(main())


def test_nothing_is_sent_over_a_connection_that_has_ended() -> None:
    async def main() -> None:
        async with connected() as peer:
            peer.sock.shutdown(socket.SHUT_WR)
            await peer.wait_ended()
            with pytest.raises(ConnectionError):
                await peer.connection.exchange(b"a request", Noting(), soon())
            with pytest.raises(ConnectionError):
                peer.connection.require_unused()
            assert await peer.receive_raw() == b""

    run(main())


def test_a_connection_that_was_never_attached_is_not_used() -> None:
    async def main() -> None:
        connection = AsyncConnection(asyncio.get_running_loop())
        assert not connection.is_clean()
        with pytest.raises(ConnectionError, match="ended before it was used"):
            await connection.exchange(b"a request", Noting(), soon())
        with pytest.raises(ConnectionError):
            connection.require_unused()
        connection.close()

    run(main())


# Errors.


class Refusing(Noting):
    """A reader that refuses every response, and every end but one that TLS does not announce."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def receive_data(self, data: bytes) -> None:
        raise self.error

    def receive_eof(self, *, in_order: bool = True) -> None:
        if in_order:
            raise self.error
        super().receive_eof(in_order=in_order)


async def send_a_response(peer: Peer) -> None:
    await peer.send(b"A response.")


async def end(peer: Peer) -> None:
    peer.sock.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("act", [send_a_response, end])
@pytest.mark.parametrize("error", [ProtocolError("refused"), ValueError("a bug")])
def test_an_error_of_the_reader_ends_the_exchange_and_the_connection(
    error: Exception, act: Callable[[Peer], Awaitable[None]]
) -> None:
    async def main() -> None:
        async with connected() as peer:
            call = asyncio.ensure_future(peer.connection.exchange(b"", Refusing(error), soon()))
            await asyncio.sleep(0)
            await act(peer)
            with pytest.raises(type(error)) as caught:
                await call
            assert caught.value is error
            assert await peer.receive_raw() == b""
            assert not peer.connection.is_clean()
            with pytest.raises(type(error)):
                await peer.connection.exchange(b"the next request", Noting(), soon())
            assert peer.reported == []

    run(main())


def test_an_exchange_that_needs_more_data_fails_if_the_connection_is_closed() -> None:
    class Demanding(Noting):
        def receive_eof(self, *, in_order: bool = True) -> None:
            raise ProtocolError("too short")

    async def main() -> None:
        async with connected() as peer:
            call = asyncio.ensure_future(peer.connection.exchange(b"", Demanding(), soon()))
            await asyncio.sleep(0)
            peer.connection.close()
            with pytest.raises(ProtocolError):
                await call
            assert peer.reported == []

    run(main())


class Interruption(BaseException):
    """What a signal handler raises."""


def test_an_interruption_of_a_callback_ends_the_exchange_and_is_reported() -> None:
    async def main() -> None:
        interruption = Interruption()
        async with connected() as peer:
            reader = Refusing(interruption)
            call = asyncio.ensure_future(peer.connection.exchange(b"", reader, soon()))
            await peer.send(b"A response.")
            await call  # The reader accepts that the connection ended.
            assert reader.notes == [False]
            assert [context["exception"] for context in peer.reported] == [interruption]

    run(main())


class Failing(TLSLayer):
    """A layer whose decryption fails if an error is set."""

    def __init__(self) -> None:
        super().__init__(client_context(), "localhost")
        self.error: BaseException | None = None

    def decrypt(self, data: bytes) -> bytes:
        if self.error is not None:
            raise self.error
        return super().decrypt(data)


@pytest.mark.parametrize(
    ("error", "is_reported"),
    [(ssl.SSLError("corrupt"), False), (ProtocolError("refused"), False), (ValueError(), True)],
)
def test_an_unexpected_error_that_ends_no_call_is_reported_once(
    error: Exception, is_reported: bool
) -> None:
    async def main() -> None:
        server, layer = tls(), Failing()
        async with connected() as peer:
            await peer.start_tls(server, layer)
            layer.error = error
            await peer.send_raw(b"x")
            await peer.wait_ended()
            assert [context["exception"] for context in peer.reported] == [error] * is_reported
            # The event loop may keep it: its frames must not keep a call's data alive.
            frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
            assert not is_reported or "_receive" not in frames

    run(main())


def test_data_after_the_end_of_a_cancelled_call_ends_the_connection() -> None:
    async def main() -> None:
        async with connected() as peer:
            call = asyncio.ensure_future(peer.connection.exchange(b"a request", Noting(), soon()))
            await peer.receive()
            call.cancel()
            peer.connection.data_received(b"The response.")  # Before the task has run.
            with pytest.raises(asyncio.CancelledError):
                await call
            assert peer.reported == []
            await peer.send(b"more")
            await peer.wait_ended()

    run(main())


# Unexpected data.


@DEPTHS
def test_data_between_two_exchanges_ends_the_connection(depth: int) -> None:
    async def main() -> None:
        async with connected(*layers(depth)) as peer:
            peer.connection.require_unused()
            assert peer.connection.is_clean()
            await peer.send(b"unexpected")
            assert not peer.connection.is_clean()  # Even before the event loop has run.
            await peer.wait_ended()
            assert not peer.connection.is_clean()
            with pytest.raises(ConnectionError):
                peer.connection.require_unused()

    run(main())


def test_data_after_the_response_ends_the_connection() -> None:
    async def main() -> None:
        async with connected() as peer:
            reader = Noting()
            call = asyncio.ensure_future(peer.connection.exchange(b"a request", reader, soon()))
            await peer.receive()
            peer.connection.data_received(b"The response.")
            peer.connection.data_received(b"Another one.")  # Before the task has run.
            await call
            assert reader.notes == [b"The response."]
            assert not peer.connection.is_clean()
            assert await peer.receive_raw() == b""

    run(main())


def test_what_a_plain_server_sends_before_the_first_request_is_noticed() -> None:
    async def main() -> None:
        async with connected() as peer:
            peer.connection.require_unused()
            peer.sock.send(b"x")
            with pytest.raises(ConnectionError, match="unexpected data"):
                peer.connection.require_unused()

    run(main())


# TLS.


def test_session_tickets_are_not_unexpected_data() -> None:
    async def main() -> None:
        server = tls(ssl.TLSVersion.TLSv1_3)
        async with connected(server) as peer:
            peer.connection.require_unused()  # The tickets have arrived, but were not read yet.
            call = asyncio.ensure_future(peer.connection.exchange(b"a request", Noting(), soon()))
            assert await peer.receive() == b"a request"
            assert not call.done()
            await peer.send(b"A response.")
            await call
            assert peer.connection.is_clean()

    run(main())


def test_half_a_record_is_unexpected_on_an_idle_connection() -> None:
    async def main() -> None:
        server = tls()
        async with connected(server) as peer:
            peer.connection.data_received(server.encrypt(b"forged")[:7])
            assert not peer.connection.is_clean()

    run(main())


def test_data_that_arrives_with_the_end_of_a_handshake_is_unexpected() -> None:
    async def main() -> None:
        server = tls()
        async with connected() as peer:
            await peer.start_tls(server, early=lambda: server.encrypt(b"early"))
            assert not peer.connection.is_clean()
            with pytest.raises(ConnectionError):
                peer.connection.require_unused()

    run(main())


def test_a_failed_handshake_sends_the_server_an_alert() -> None:
    async def main() -> None:
        server = tls(issuer=new_authority())
        async with connected() as peer:
            with pytest.raises(ssl.SSLCertVerificationError):
                await peer.start_tls(server)
            assert "UNKNOWN_CA" in server.alert
            assert await peer.receive_raw() == b""

    run(main())


def test_an_end_within_a_handshake_is_a_connection_error() -> None:
    async def main() -> None:
        async with connected() as peer:
            starting = asyncio.ensure_future(peer.connection.start_tls(new_layer()))
            await peer.receive_raw()
            peer.sock.shutdown(socket.SHUT_WR)
            with pytest.raises(ConnectionError):
                await starting

    run(main())


@pytest.mark.parametrize("depth", [0, 1])
def test_an_answer_of_tls_itself_goes_through_the_layers_below_alone(depth: int) -> None:
    async def main() -> None:
        below, server, layer = layers(depth), tls(), Answering()
        async with connected(*below) as peer:
            await peer.start_tls(server, layer)
            layer.answers.append(b"an answer")
            await peer.send(b"data")
            peer.servers.remove(server)
            assert await peer.receive() == b"an answer"

    run(main())
