"""The protocols of sync and asyncio transports.

Their methods have different names, so that one class may implement both.

A transport that passes the strict contract declares this with the class attribute
``strict = True``. It decides itself when to reuse a connection. For any other transport, the
manager adds ``Connection: close`` to every request: without reuse, no user can get another user's
response.
"""

from __future__ import annotations

from typing import Protocol

from .._values.request import Request
from .._values.response import Response

__all__ = ["AsyncTransport", "Transport", "is_strict"]


class Transport(Protocol):
    """A sync transport, shared by threads.

    If it also has a method ``sleep(seconds)``, calls use it to wait: a `FakeTransport` returns at
    once, to save time in tests.

    Test it with `usersmanager.testing.TransportContract`, or with `StrictTransportContract` if it
    declares ``strict = True``.
    """

    def send(self, request: Request) -> Response:
        """Send a request and return its complete, bounded response.

        Return every status as a response; don't follow redirects, and don't retry. Send
        ``request.headers_to_send()``, and give up at ``request.deadline``. If the headers contain
        ``Connection: close``, don't use the connection again, even if the server keeps it open
        (RFC 9112, section 9.6).

        Raises:
            TransportError: no complete response arrived. The subclass and ``reason`` say why, and
                `sent` says whether anything may have been sent.
            OSError: the same, from a transport that doesn't translate Python's own errors. The
                manager raises the matching TransportError with ``sent=True``. Any other exception
                reaches the caller unchanged, because it may be an interruption.
        """
        ...

    def close(self) -> None:
        """Close every connection that the transport opened. May be called twice."""
        ...


class AsyncTransport(Protocol):
    """An asyncio transport, shared by tasks, and by event loops if they share its manager.

    If it also has a coroutine function ``asleep(seconds)``, calls use it to wait.

    Test it with `usersmanager.testing.AsyncTransportContract`, or with
    `StrictAsyncTransportContract` if it declares ``strict = True``.
    """

    async def asend(self, request: Request) -> Response:
        """Send a request; see `Transport.send`. A cancelled request must leak nothing."""
        ...

    async def aclose(self) -> None:
        """Close every connection, like `Transport.close`."""
        ...


def is_strict(transport: object) -> bool:
    """Return whether a transport declares that it passes the strict contract."""
    return getattr(transport, "strict", False) is True
