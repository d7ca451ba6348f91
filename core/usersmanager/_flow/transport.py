"""The contract of a transport: one method that carries a request, one that closes.

The names differ by mode, so one class may serve both.
"""

from __future__ import annotations

from typing import Protocol

from .._values.messages import Request, Response

__all__ = ["AsyncTransport", "Transport"]


class Transport(Protocol):
    """A blocking transport. Threads share it."""

    def send(self, request: Request) -> Response:
        """Carries one request and returns its whole, bounded response.

        Every status is a response; redirects are not followed, nothing is retried.
        `request.headers_to_send()` are the headers to send, `request.deadline` the
        moment (`time.monotonic()`) by which to give up.

        Raises:
            TransportError: no complete response arrived; a subclass says why, and
                its `phase` whether anything was sent.
        """
        ...

    def close(self) -> None:
        """Closes every connection the transport made itself. May be called twice."""
        ...


class AsyncTransport(Protocol):
    """An asyncio transport. Tasks of one event loop share it."""

    async def asend(self, request: Request) -> Response:
        """As `Transport.send`; a cancellation leaves nothing behind."""
        ...

    async def aclose(self) -> None:
        """As `Transport.close`."""
        ...
