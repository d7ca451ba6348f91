"""A response put together from received bytes: what a `ResponseGuard` lets through, kept.

For transports that need no HTTP library to read with. The rules are the guard's.
"""

from __future__ import annotations

from ..._values.messages import Response
from ...errors import BodyTooLargeError
from .framing import ResponseGuard
from .head import Head

__all__ = ["ResponseReader"]


class ResponseReader(ResponseGuard):
    """Reads exactly one well-framed response.

    Args:
        exact: as for a `ResponseGuard`.
        limit: a larger body, in bytes, is a BodyTooLargeError.

    Example:
        ```python
        reader = ResponseReader(limit=1 << 20)
        while not reader.complete:
            received = socket.recv(65536)
            reader.feed(received) if received else reader.eof()
        response = reader.response()
        ```
    """

    __slots__ = ("_body", "_limit", "_response_head")

    def __init__(self, *, exact: bool = False, limit: int) -> None:
        super().__init__(exact=exact)
        self._limit = limit
        self._response_head: Head | None = None
        self._body = bytearray()

    def response(self) -> Response:
        """The whole response. Only once it is complete.

        Raises:
            ValueError: it is not.
        """
        if self._response_head is None or not self.complete:
            raise ValueError("the response is not complete")
        return Response(self._response_head.status, self._response_head.headers, bytes(self._body))

    def _begun(self, head: Head) -> None:
        self._response_head = head

    def _content(self, data: bytes) -> None:
        self._body += data
        if len(self._body) > self._limit:
            raise BodyTooLargeError(f"the body is larger than {self._limit} bytes")
