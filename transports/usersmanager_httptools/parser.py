"""A `ResponseParser` whose result llhttp, the parser of Node.js, must confirm.

A body whose length is known can be read in one way only. A chunked body, or one that ends with
the connection, is also parsed by llhttp: if llhttp refuses it, or sees another status, end or
body, the response is a ProtocolError. Where parsers disagree, one response could become two.
"""

from __future__ import annotations

from httptools import HttpParserError, HttpResponseParser

from usersmanager import ProtocolError, Response
from usersmanager.transports import ResponseParser

__all__ = ["CheckedResponseParser"]


class CheckedResponseParser(ResponseParser):
    """Parses exactly one response, if necessary twice. Arguments as for `ResponseParser`."""

    _second_parser: _SecondParser | None = None

    def receive_data(self, data: bytes) -> bytes:
        """Parse received data; return what belongs to the final response.

        Raises:
            ProtocolError: the response is malformed, or its framing is ambiguous.
            BodyTooLargeError: the body is too large.
        """
        parsed = super().receive_data(data)
        if parsed and not self.has_length:
            if self._second_parser is None:
                self._second_parser = _SecondParser()
            self._second_parser.receive_data(parsed)
            if self._second_parser.message_count != self.complete:
                raise ProtocolError("ambiguous response framing: the end differs")
        return parsed

    def response(self) -> Response:
        """Return the response.

        Raises:
            ProtocolError: llhttp parsed another response.
            ValueError: it is not complete.
        """
        response = super().response()
        if self._second_parser is not None and not self._second_parser.agrees_with(response):
            raise ProtocolError("ambiguous response framing: the body differs")
        return response


class _SecondParser:
    """llhttp."""

    def __init__(self) -> None:
        self._events = _Events()
        self._parser = HttpResponseParser(self._events)

    @property
    def message_count(self) -> int:
        """How many messages are complete."""
        return self._events.message_count

    def receive_data(self, data: bytes) -> None:
        reason = ""
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            reason = type(error).__name__
        if reason:  # Not in the `except` block: the message of llhttp may quote the response.
            raise ProtocolError(f"malformed response ({reason})")

    def agrees_with(self, response: Response) -> bool:
        status, body = self._parser.get_status_code(), b"".join(self._events.body)
        return (response.status, response.body) == (status, body)


class _Events:
    """The callbacks of llhttp, apart from `_SecondParser` to avoid a reference cycle."""

    def __init__(self) -> None:
        self.message_count = 0
        self.body: list[bytes] = []

    def on_body(self, data: bytes) -> None:
        self.body.append(data)

    def on_message_complete(self) -> None:
        self.message_count += 1
