"""The two protocols of a transport: one method that sends a request, one that closes.

The names differ, so that one class may serve both sync and asyncio.
"""

from __future__ import annotations

from typing import Protocol

from .._values.messages import Request, Response

__all__ = ["AsyncTransport", "Transport"]


class Transport(Protocol):
    """A sync transport. Threads share it."""

    def send(self, request: Request) -> Response:
        """Send a request and return its complete, bounded response.

        Every status is a response; redirects are not followed, nothing is retried.
        `request.headers_to_send()` are the headers to send, `request.deadline` the moment by
        which to give up.

        Raises:
            TransportError: no complete response arrived; a subclass says why, and
                its `phase` whether anything was sent. Any other exception passes
                through to the caller: it may be an interruption.
        """
        ...

    def close(self) -> None:
        """Close every connection that the transport opened. May be called twice."""
        ...


class AsyncTransport(Protocol):
    """An asyncio transport. Tasks of one event loop share it."""

    async def asend(self, request: Request) -> Response:
        """Send a request, as `Transport.send` does. A cancellation leaves nothing behind."""
        ...

    async def aclose(self) -> None:
        """Close every connection, as `Transport.close` does."""
        ...
