"""PoolManagerTransport: sends requests over an urllib3.PoolManager of the application.

It uses urllib3's public API alone: neither the engine nor its guarantees.
"""

from __future__ import annotations

import socket
from http import client
from typing import Any

import urllib3
from urllib3 import exceptions

from usersmanager import (
    ArgumentError,
    BodyTooLargeError,
    DeadlineExceededError,
    LifecycleError,
    Request,
    Response,
    UsersManagerError,
)

from .pool_errors import translate

__all__ = ["PoolManagerTransport"]

_CHUNK = 1 << 16


class PoolManagerTransport:
    """Sends requests over your own ``urllib3.PoolManager``, and never closes it. Thread-safe.

    Use it if you need the pools, proxy, TLS settings or headers of that manager, or a tool that
    instruments or mocks it. Every request leaves through ``pool_manager.request``. The manager's
    headers are added, except for cookies; its retries, redirects and timeouts are not used.

    urllib3 parses the responses, so this transport keeps the basic contract, not the strict one:
    a connection is closed after its response. The deadline limits connecting and each wait for
    data, but a server that sends its header byte by byte can outlast it, and silence in a body
    can last twice as long.

    Args:
        pool_manager: the manager, such as a ``PoolManager``, a ``ProxyManager`` or a
            ``SOCKSProxyManager``. A connection that another part of the program left in its pools
            may be used, with whatever the server has sent on it since: prefer a manager of its own.
        reuse: whether to reuse connections, except after a request that is not idempotent. It
            saves a handshake per call, at a risk: urllib3 takes an interim response such as a 103
            for the final one, and accepts lengths that other parsers read differently, so the
            next caller can get the response to the previous one. Use it only with a server that
            you trust, and pass ``expected_subject``, which detects the mix-up.
        max_response_bytes: a larger body is a BodyTooLargeError.
        connect_timeout: seconds to connect, and to each of several addresses of a host. It should
            be less than a call's timeout, to leave time for a retry.

    Attributes:
        strict: the value of ``reuse``. If False, a manager adds ``Connection: close`` to each
            request.

    Raises:
        ArgumentError: ``max_response_bytes`` or ``connect_timeout`` is not positive.

    Example::

        pools = urllib3.PoolManager(ssl_context=context, headers={"X-Gateway-Key": key})
        UsersManager(url, transport=PoolManagerTransport(pools))
    """

    def __init__(
        self,
        pool_manager: urllib3.PoolManager,
        *,
        reuse: bool = False,
        max_response_bytes: int = 1 << 20,
        connect_timeout: float = 3.0,
    ) -> None:
        if max_response_bytes <= 0 or connect_timeout <= 0:
            raise ArgumentError("max_response_bytes and connect_timeout must be positive")
        self.strict = reuse
        self._pool_manager = pool_manager
        self._max_response_bytes = max_response_bytes
        self._connect_timeout = connect_timeout
        self._closed = False

    def send(self, request: Request) -> Response:
        """Send a request and return its response; see `Transport.send`."""
        if self._closed:
            raise LifecycleError("the transport is closed")
        if request.remaining() <= 0:
            raise DeadlineExceededError("the deadline has passed", sent=False)
        try:
            outcome = self._exchange(request)
        except (exceptions.HTTPError, client.HTTPException, OSError) as error:
            outcome = translate(error)
        if isinstance(outcome, Response):
            return outcome
        raise outcome  # Outside of the `except` block: urllib3's frames contain the token.

    def _exchange(self, request: Request) -> Response | UsersManagerError:
        raw = self._pool_manager.request(
            request.method,
            request.url,
            body=request.body,
            headers=self._headers(request),
            timeout=urllib3.Timeout(connect=self._connect_timeout, total=request.remaining()),
            pool_timeout=request.remaining(),
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
        sock = _detach_socket(raw) if request.close_connection else None
        try:
            body = self._read(raw, request)
            if body is None:
                limit = self._max_response_bytes
                return BodyTooLargeError(f"the body is larger than {limit} bytes")
            return Response(raw.status, raw.headers.iteritems(), body)
        finally:
            raw.close()
            raw.release_conn()  # If it was incomplete: a blocking pool waits for its connection.
            if sock is not None:
                sock.close()

    def _headers(self, request: Request) -> urllib3.HTTPHeaderDict:
        headers = urllib3.HTTPHeaderDict(self._pool_manager.headers)
        headers.discard("Cookie")  # It would be sent for every user.
        for name, value in request.headers_to_send().items():
            headers[str(name)] = value  # Some tools record only plain strings.
        return headers

    def _read(self, raw: urllib3.BaseHTTPResponse, request: Request) -> bytes | None:
        """Return the body, or None if it is too large."""
        body = bytearray()
        while chunk := raw.read1(_CHUNK):
            body += chunk
            if len(body) > self._max_response_bytes:
                return None
            if request.remaining() <= 0:
                raise TimeoutError
        return bytes(body)

    def close(self) -> None:
        """Refuse further requests. The pool manager stays open."""
        self._closed = True


def _detach_socket(raw: urllib3.BaseHTTPResponse) -> socket.socket | None:
    """Take the socket away from its connection, so that no other request can use it.

    urllib3 puts a connection back into its pool once the body has been read, even if the request
    said ``Connection: close``. Without a socket, it connects again. The response has its own
    reference to the socket.
    """
    connection: Any = getattr(raw, "connection", None)  # A mock may have none.
    sock: socket.socket | None = getattr(connection, "sock", None)
    if sock is not None:
        connection.sock = None
    return sock
