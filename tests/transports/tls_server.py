"""A server with control of every byte: over TCP, TLS, and TLS in TLS.

`FaultServer` uses a socket of Python's `ssl` for TLS, which sends valid records only.
Here TLS is an `SSLObject` between two memory BIOs, so that a test can send part of a record,
a corrupt record or an alert, and can see what a client sent without decrypting it.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeAlias

__all__ = ["TCP", "TLS", "Channel", "Script", "Server", "read_head", "refusing"]

_RECORD_HEADER = 5
_APPLICATION_DATA = 23
# Longer than a client's alert or Finished message, shorter than a request with a long token.
_SHORTEST_REQUEST = 200

_HANDSHAKE_FAILURE = b"\x15\x03\x03\x00\x02\x02\x28"
_CLOSE_NOTIFY = b"\x15\x03\x03\x00\x02\x01\x00"
_MALFORMED_HANDSHAKE = b"\x16\x03\x03\x00\x10" + b"\xff" * 16
_UNDECRYPTABLE = b"\x17\x03\x03\x00\x20" + bytes(32)


class TCP:
    """An accepted connection.

    Attributes:
        received: everything that was read.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.received = bytearray()
        self._sock = sock

    @property
    def request_arrived(self) -> bool:
        """Whether any byte of a request was read, if requests are sent without TLS."""
        return bool(self.received)

    def fetch(self) -> bytes:
        """Read what has arrived; b"" at the end."""
        data = self._sock.recv(65536)
        self.received += data
        return data

    receive = fetch

    def send(self, data: bytes) -> None:
        """Send bytes unchanged."""
        self._sock.sendall(data)

    def finish(self) -> None:
        """Send FIN. Reading is still possible."""
        self._sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Send RST."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()

    def abort(self) -> None:
        """Wake a thread that waits for the client."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)


class TLS:
    """The server side of TLS over another channel.

    Attributes:
        below: TCP, or TLS with a proxy.
        received: the ciphertext that was read.
    """

    def __init__(self, below: Channel, context: ssl.SSLContext) -> None:
        self.below = below
        self.received = bytearray()
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._is_established = False

    @property
    def request_arrived(self) -> bool:
        """Whether a record as long as a request was read, decrypted or not."""
        position = 0
        while len(self.received) - position >= _RECORD_HEADER:
            length = int.from_bytes(self.received[position + 3 : position + _RECORD_HEADER])
            if self.received[position] == _APPLICATION_DATA and length >= _SHORTEST_REQUEST:
                return True
            position += _RECORD_HEADER + length
        return False

    def fetch(self) -> bytes:
        """Read ciphertext without decrypting it; b"" at the end."""
        data = self.below.receive()
        self.received += data
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        return data

    def advance(self) -> bool:
        """Continue the handshake with what was read; return whether it is complete."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        finally:
            self._flush()  # If the handshake failed, this sends the alert.
        self._is_established = True
        return True

    def handshake(self) -> None:
        """Complete the handshake. With TLS 1.3 it ends with two session tickets."""
        while not self.advance():
            self.fetch()

    def receive(self) -> bytes:
        """Read and decrypt; b"" at the end."""
        while True:
            try:
                return self._tls.read(65536)
            except ssl.SSLWantReadError:
                self.fetch()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def send(self, data: bytes) -> None:
        """Encrypt and send."""
        self.below.send(self._seal(data))

    def send_corrupt_record(self) -> None:
        """Send a record that cannot be authenticated; before the handshake, a malformed one."""
        if not self._is_established:
            self.below.send(_MALFORMED_HANDSHAKE)
            return
        record = bytearray(self._seal(b"corrupt"))
        record[-1] ^= 1
        self.below.send(bytes(record))

    def send_alert(self) -> None:
        """Send a fatal alert. Nothing can be decrypted afterwards."""
        if not self._is_established:
            self.below.send(_HANDSHAKE_FAILURE)
            return
        # OpenSSL has no function to send an alert, so give it a record it cannot decrypt.
        self._incoming.write(_UNDECRYPTABLE)
        with contextlib.suppress(ssl.SSLError):
            while self._tls.read(65536):
                pass
        self._flush()

    def finish(self) -> None:
        """Close every layer in order: close_notify first, FIN last."""
        if self._is_established:
            # It would wait for the client's close_notify.
            with contextlib.suppress(ssl.SSLError):
                self._tls.unwrap()
            self._flush()
        else:
            self.below.send(_CLOSE_NOTIFY)
        self.below.finish()

    def _seal(self, data: bytes) -> bytes:
        self._tls.write(data)
        return self._outgoing.read()

    def _flush(self) -> None:
        if self._outgoing.pending:
            self.below.send(self._outgoing.read())


Channel: TypeAlias = TCP | TLS
Script: TypeAlias = Callable[[TCP], object]


def read_head(channel: Channel) -> bytes:
    """Read a request up to the end of its header section, with any bytes that follow.

    Raises:
        EOFError: the client closed first.
    """
    head = b""
    while b"\r\n\r\n" not in head:
        data = channel.receive()
        if not data:
            raise EOFError
        head += data
    return head


def refusing(context: ssl.SSLContext, channels: list[TLS], *, waits: bool) -> Script:
    """Return a script that refuses a client without a certificate, and then continues to read.

    Args:
        context: of the server.
        channels: the list that connections are added to.
        waits: whether to finish the handshake only after the client's request has arrived.
    """

    def script(connection: TCP) -> None:
        channel = TLS(connection, context)
        channels.append(channel)
        channel.fetch()
        channel.advance()
        while waits and not channel.request_arrived and channel.fetch():
            pass
        with contextlib.suppress(ssl.SSLError):
            channel.handshake()
        while channel.fetch():
            pass

    return script


class Server:
    """Run a script for each connection, in its own thread. Use it with `with`.

    Args:
        script: the function to run with each connection.
        refuses: whether connections are refused.
        accepts: False to accept connections only once the client has finished.

    Attributes:
        port: on 127.0.0.1.
        connections: in the order in which they were accepted.

    Raises:
        Exception: at the end, that of a script, unless it is a connection error.
    """

    def __init__(self, script: Script, *, refuses: bool = False, accepts: bool = True) -> None:
        self.connections: list[TCP] = []
        self._mistakes: list[Exception] = []
        self._script = script
        self._refuses = refuses
        self._accepts = accepts
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._listener = socket.socket()
        # A port that is bound but not listening refuses connections.
        self._listener.bind(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        if not self._refuses:
            self._listener.listen()
        self._accepting = threading.Thread(target=self._accept)
        if self._accepts and not self._refuses:
            self._accepting.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._accepting.is_alive():
            self._listener.shutdown(socket.SHUT_RDWR)
            self._accepting.join()
        elif not self._refuses:
            self._listener.setblocking(False)
            self._accept()
        self._listener.close()
        # Scripts end when the client has closed its connections.
        for thread in self._threads:
            thread.join(timeout=2)
        for connection in self.connections:
            connection.abort()
        for thread in self._threads:
            thread.join()
        if error is None and self._mistakes:
            raise self._mistakes[0]

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                sock.setblocking(True)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection = TCP(sock)
                self.connections.append(connection)
                thread = threading.Thread(target=self._run, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _run(self, connection: TCP) -> None:
        try:
            self._script(connection)
        except (OSError, EOFError):
            pass  # The client closed the connection, as many tests expect.
        except Exception as error:
            self._mistakes.append(error)
        finally:
            connection.close()
