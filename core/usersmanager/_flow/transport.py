"""The protocols of sync and asyncio transports.

Their methods have different names, so that one class may implement both.

A transport that passes the strict contract declares it: `strict = True`, as a class attribute. It
decides itself when to use a connection again. For any other, the manager adds `Connection: close`
to every request: a connection that is used once can't give one user the response to another.
"""

from __future__ import annotations

from typing import Protocol

from .._values.messages import Request, Response

__all__ = ["AsyncTransport", "Transport", "is_strict"]


class Transport(Protocol):
    """A sync transport. Threads share it.

    If it also has a method `sleep(seconds)`, the waits of calls are made with it: that of a
    `FakeTransport` saves the time of tests.

    `usersmanager.testing.TransportContract` tests it; `StrictTransportContract` tests one that
    declares `strict = True`.
    """

    def send(self, request: Request) -> Response:
        """Send a request and return its complete, bounded response.

        Every status is a response; redirects are not followed, nothing is retried.
        Send `request.headers_to_send()`, and give up at `request.deadline`. If they contain
        `Connection: close`, don't use the connection again, whatever the server does with it
        (RFC 9112, section 9.6).

        Raises:
            TransportError: no complete response arrived. The subclass and `reason` say why, and
                `sent` whether anything was sent.
            OSError: the same, but for a transport that does not translate the errors of Python
                itself: the manager raises the matching TransportError with `sent=True`. Any other
                exception reaches the caller unchanged, as it may be an interruption.
        """
        ...

    def close(self) -> None:
        """Close every connection that the transport opened. May be called twice."""
        ...


class AsyncTransport(Protocol):
    """An asyncio transport. Tasks share it, and so do event loops if they share its manager.

    If it also has a coroutine function `asleep(seconds)`, the waits of calls are made with it.

    `usersmanager.testing.AsyncTransportContract` tests it; `StrictAsyncTransportContract` tests one
    that declares `strict = True`.
    """

    async def asend(self, request: Request) -> Response:
        """Send a request, as `Transport.send` does. A cancellation leaves nothing behind."""
        ...

    async def aclose(self) -> None:
        """Close every connection, as `Transport.close` does."""
        ...


def is_strict(transport: object) -> bool:
    """Return whether a transport declares that it passes the strict contract."""
    return getattr(transport, "strict", False) is True
