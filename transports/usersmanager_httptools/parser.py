"""The answer to one request, sans I/O: bytes in, a `Response` or one of our errors out.

`ResponseReader`, of the core, keeps the rules of RFC 9112 strictly. They are listed in
`usersmanager/transports/http1/framing.py` and `head.py` there, and nowhere else. It says whether
the connection may be used again: only after a response that was whole, framed by a
length or by chunks, and followed by nothing.

A body whose length the head has told can be read in one way alone. One in chunks, or that
the connection ends, is read once more, by llhttp, which reads the web for Node.js: if it
finds fault, or sees another status, another end or another body, it is a ProtocolError.
Where parsers disagree, one answer could become two.
"""

from __future__ import annotations

from httptools import HttpParserError, HttpResponseParser

from usersmanager import ProtocolError, Response
from usersmanager.transports import ResponseReader

__all__ = ["CheckedReader"]


class CheckedReader(ResponseReader):
    """Reads exactly one response.

    Args:
        exact: refuse a body that only the end of the connection ends.
        limit: a larger body, in bytes, is a BodyTooLargeError.

    Example:
        ```python
        reader = CheckedReader(exact=False, limit=1 << 20)
        while not reader.complete:
            received = sock.recv(65536)
            reader.feed(received) if received else reader.eof()
        response = reader.response()
        ```
    """

    _second: _SecondReading | None = None

    def feed(self, data: bytes) -> bytes:
        """Takes what was received.

        Raises:
            ProtocolError: it is not the response, or not one that is accepted.
            BodyTooLargeError: the body is larger than the limit.
        """
        passed = super().feed(data)
        if passed and not self.has_length:
            if self._second is None:
                self._second = _SecondReading()
            self._second.feed(passed)
            if self._second.ended != self.complete:
                raise ProtocolError("a response whose end is not certain")
        return passed

    def response(self) -> Response:
        """The whole response. Only once it is complete.

        Raises:
            ProtocolError: llhttp has read another one.
        """
        response = super().response()
        if self._second is not None and not self._second.is_of(response):
            raise ProtocolError("a response that can be read in two ways")
        return response


class _SecondReading:
    """What llhttp makes of the same bytes."""

    def __init__(self) -> None:
        self._seen = _Seen()
        self._parser = HttpResponseParser(self._seen)

    @property
    def ended(self) -> int:
        """How many messages have ended."""
        return self._seen.ended

    def feed(self, data: bytes) -> None:
        refused = ""
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            refused = type(error).__name__
        if refused:  # Raised out here: the parser's own text may quote the response.
            raise ProtocolError(f"not a response this client accepts ({refused})")

    def is_of(self, response: Response) -> bool:
        """Whether it is the same response."""
        read = self._parser.get_status_code(), b"".join(self._seen.pieces)
        return (response.status, response.body) == read


class _Seen:
    """What llhttp tells. Apart from the reading: the two would be a cycle."""

    def __init__(self) -> None:
        self.ended = 0
        self.pieces: list[bytes] = []

    def on_body(self, data: bytes) -> None:
        self.pieces.append(data)

    def on_message_complete(self) -> None:
        self.ended += 1
