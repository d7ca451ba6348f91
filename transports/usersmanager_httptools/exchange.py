"""The answer to one request, sans I/O: bytes in, a `Response` or one of our errors out.

Two parsers read each response, and both must make the same of it:

- `ResponseGuard`, of the core, keeps the rules of RFC 9112 strictly: they are listed in
  `usersmanager/framing.py` and `usersmanager/head.py`, and nowhere else. It lets one
  well-framed response through, and says whether the connection may be used again.
- llhttp, which reads the web for Node.js, reads what the guard lets through: the header,
  the chunks, the end. Where it sees the end elsewhere, it is a ProtocolError.

Rules of this module itself:

- The body is bounded. It is kept as it came: nothing is decompressed.
- A connection is used again only after a response that was whole, framed by a length or
  by chunks, and followed by nothing.
"""

from __future__ import annotations

from httptools import HttpParserError, HttpResponseParser

from usersmanager import (
    BodyTooLargeError,
    DisconnectedError,
    ProtocolError,
    Response,
    ResponseGuard,
)

__all__ = ["Exchange"]


class Exchange:
    """What comes back for one request.

    Args:
        exact: refuse a body that only the end of the connection ends.
        limit: a larger body, in bytes, is a BodyTooLargeError.

    Example:
        ```python
        exchange = Exchange(exact=False, limit=1 << 20)
        while not exchange.complete:
            received = sock.recv(65536)
            exchange.receive(received) if received else exchange.receive_end()
        response = exchange.response()
        ```
    """

    __slots__ = ("_answer", "_guard", "_limit", "_parser")

    def __init__(self, *, exact: bool, limit: int) -> None:
        self._guard = ResponseGuard(exact=exact)
        self._answer = _Answer()
        self._parser = HttpResponseParser(self._answer)
        self._limit = limit

    @property
    def complete(self) -> bool:
        """Whether the whole response has come."""
        return self._guard.complete

    @property
    def reusable(self) -> bool:
        """Whether the connection may carry another request."""
        return self._guard.reusable

    def receive(self, data: bytes) -> None:
        """Takes what was received.

        Raises:
            ProtocolError: it is not the response, or not one that is accepted.
            BodyTooLargeError: the body is larger than the limit.
        """
        passed = self._guard.feed(data)
        if not passed:
            return
        self._parse(passed)
        if self._answer.size > self._limit:
            raise BodyTooLargeError(f"the body is larger than {self._limit} bytes")
        if self._answer.begun != 1 or self._answer.ended != self._guard.complete:
            raise ProtocolError("a response whose end is not certain")

    def receive_end(self, *, in_order: bool = True) -> None:
        """Takes note that the connection has ended.

        Args:
            in_order: whether TLS, if there is any, has said so, too.

        Raises:
            DisconnectedError: no response began, or its body is not surely whole.
            ProtocolError: the response ended within its header.
        """
        if self.complete:
            return
        self._guard.eof()
        if not in_order:
            raise DisconnectedError("the connection ended before the response was whole")

    def response(self) -> Response:
        """The response, once it is complete."""
        answer = self._answer
        fields = [
            (name.decode("ascii"), value.rstrip(b"\t ").decode("latin-1"))
            for name, value in answer.header
        ]
        return Response(self._parser.get_status_code(), fields, b"".join(answer.body))

    def _parse(self, passed: bytes) -> None:
        try:
            self._parser.feed_data(passed)
        except HttpParserError as error:
            failure = f"not a response this client accepts ({type(error).__name__})"
        else:
            return
        raise ProtocolError(failure)  # Out here: the parser's own text may quote the response.


class _Answer:
    """What llhttp reads, as it reads it."""

    __slots__ = ("_fields", "begun", "body", "ended", "header", "size")

    def __init__(self) -> None:
        self._fields: list[tuple[bytes, bytes]] = []
        self.header: list[tuple[bytes, bytes]] = []
        self.body: list[bytes] = []
        self.size = 0
        self.begun = 0
        self.ended = False

    def on_message_begin(self) -> None:
        self.begun += 1

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        # What comes later are trailers, which are no header (RFC 9110, section 6.5.1).
        self.header, self._fields = self._fields, []

    def on_body(self, data: bytes) -> None:
        self.body.append(data)
        self.size += len(data)

    def on_message_complete(self) -> None:
        self.ended = True
