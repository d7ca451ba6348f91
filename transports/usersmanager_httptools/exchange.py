"""The answer to one request, sans I/O: bytes in, a `Response` or one of our errors out.

Two parsers read each response, and both must make the same of it:

- `ResponseReader`, of the core, keeps the rules of RFC 9112 strictly. They are listed in
  `usersmanager/framing.py` and `usersmanager/head.py`, and nowhere else. It says whether
  the connection may be used again: only after a response that was whole, framed by a
  length or by chunks, and followed by nothing.
- llhttp, which reads the web for Node.js, reads what the first one lets through. If it
  finds fault with that, or sees another status, another end or a body of another size,
  it is a ProtocolError: where parsers disagree, one answer could become two.
"""

from __future__ import annotations

from httptools import HttpParserError, HttpResponseParser

from usersmanager import DisconnectedError, ProtocolError, Response, ResponseReader

__all__ = ["Exchange"]


class Exchange(ResponseReader):
    """Reads exactly one response, twice.

    Args:
        exact: refuse a body that only the end of the connection ends.
        limit: a larger body, in bytes, is a BodyTooLargeError.

    Example:
        ```python
        exchange = Exchange(exact=False, limit=1 << 20)
        while not exchange.complete:
            received = sock.recv(65536)
            exchange.feed(received) if received else exchange.eof()
        response = exchange.response()
        ```
    """

    __slots__ = ("_llhttp", "_second")

    def __init__(self, *, exact: bool = False, limit: int) -> None:
        super().__init__(exact=exact, limit=limit)
        self._second = _Second()
        self._llhttp = HttpResponseParser(self._second)

    def feed(self, data: bytes) -> bytes:
        """Takes what was received.

        Raises:
            ProtocolError: it is not the response, or not one that is accepted.
            BodyTooLargeError: the body is larger than the limit.
        """
        passed = super().feed(data)
        if not passed:
            return passed
        refused = ""
        try:
            self._llhttp.feed_data(passed)
        except HttpParserError as error:
            refused = type(error).__name__
        if refused:  # Raised out here: the parser's own text may quote the response.
            raise ProtocolError(f"not a response this client accepts ({refused})")
        if self._second.ended != self.complete:
            raise ProtocolError("a response whose end is not certain")
        return passed

    def eof(self, *, in_order: bool = True) -> None:
        """Takes note that the connection has ended.

        Args:
            in_order: whether TLS, if there is any, has said so, too.

        Raises:
            DisconnectedError: no response began, or its body is not surely whole.
            ProtocolError: the response ended within its header.
        """
        was_complete = self.complete
        super().eof()
        if not in_order and not was_complete:
            raise DisconnectedError("the connection ended before the response was whole")

    def response(self) -> Response:
        """The whole response. Only once it is complete.

        Raises:
            ProtocolError: llhttp has read another one.
        """
        response = super().response()
        if (response.status, response.body) != (
            self._llhttp.get_status_code(),
            b"".join(self._second.pieces),
        ):
            raise ProtocolError("a response that can be read in two ways")
        return response


class _Second:
    """What llhttp reads: pieces of the body, and how many messages have ended."""

    __slots__ = ("ended", "on_body", "pieces")

    def __init__(self) -> None:
        self.ended = 0
        self.pieces: list[bytes] = []
        self.on_body = self.pieces.append

    def on_message_complete(self) -> None:
        self.ended += 1
