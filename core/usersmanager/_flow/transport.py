"""The protocols of sync and asyncio transports.

Their methods have different names, so that one class may implement both.
"""

from __future__ import annotations

from typing import Protocol

from .._values.messages import Request, Response

__all__ = ["AsyncTransport", "Transport"]


class Transport(Protocol):
    """A sync transport. Threads share it.

    If it also has a method `sleep(seconds)`, the waits of calls are made with it: that of a
    `FakeTransport` saves the time of tests.
    """

    def send(self, request: Request) -> Response:
        """Send a request and return its complete, bounded response.

        Every status is a response; redirects are not followed, nothing is retried.
        Send `request.headers_to_send()`, and give up at `request.deadline`.

        Raises:
            TransportError: no complete response arrived. The subclass and `reason` say why, and
                `sent` whether anything was sent. Any other exception reaches the caller unchanged,
                as it may be an interruption.
        """
        ...

    def close(self) -> None:
        """Close every connection that the transport opened. May be called twice."""
        ...


class AsyncTransport(Protocol):
    """An asyncio transport. Tasks share it, and so do event loops if they share its manager.

    If it also has a coroutine function `asleep(seconds)`, the waits of calls are made with it.
    """

    async def asend(self, request: Request) -> Response:
        """Send a request, as `Transport.send` does. A cancellation leaves nothing behind."""
        ...

    async def aclose(self) -> None:
        """Close every connection, as `Transport.close` does."""
        ...
