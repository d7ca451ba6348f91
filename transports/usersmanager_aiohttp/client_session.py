"""ClientSessionTransport: sends requests over an aiohttp.ClientSession of the application.

It uses aiohttp's public API: neither the engine nor its guarantees.
"""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
from http.cookies import SimpleCookie
from typing import Any

import aiohttp
from yarl import URL

from usersmanager import (
    ArgumentError,
    BodyTooLargeError,
    ConnectError,
    DeadlineExceededError,
    DisconnectedError,
    LifecycleError,
    Request,
    Response,
    UsersManagerError,
)
from usersmanager.transports import connect_error, exchange_error

__all__ = ["ClientSessionTransport"]

_NOT_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
)


class ClientSessionTransport:
    """Sends requests over your own ``aiohttp.ClientSession``, and never closes it.

    Use it if you need that session's connector, headers, middlewares or trace configs, or a tool
    that instruments or mocks it. Every request leaves through ``session.request``, in the event
    loop of the session. What the session adds applies, ``trust_env`` included, with these
    exceptions: its timeouts, redirects and ``raise_for_status`` are not used; the token replaces
    its credentials; its cookies are not sent, and cookies of a response don't get into its jar.

    The token is added after the session's middlewares have run. Tools that replace
    ``session.request``, such as aioresponses and vcrpy, therefore neither see nor record it.

    aiohttp parses the responses, so this transport keeps the basic contract, not the strict one:
    a connection is closed after its response. The deadline holds; an error at the deadline has
    ``sent=True`` even if the request was still waiting for a connection.

    Args:
        session: the session. An idle connection that another part of the program left in its
            connector may be used, with whatever the server has sent on it since: prefer a session
            of its own.
        reuse: whether to reuse connections, except after a request that is not idempotent. It
            saves a handshake per call, at a risk: what a server sends after a response, or after
            an interim one, can become the response to the next caller. Use it only with a server
            that you trust, and pass ``expected_subject``, which detects the mix-up.
        max_response_bytes: a larger body is a BodyTooLargeError.
        connect_timeout: seconds to get a connection: a free place in the connector, name
            resolution, TCP, proxy and TLS. It should be less than a call's timeout, to leave time
            for a retry.

    Attributes:
        strict: the value of ``reuse``. If False, a manager adds ``Connection: close`` to each
            request.

    Raises:
        ArgumentError: ``max_response_bytes`` or ``connect_timeout`` is not positive.

    Example::

        async with aiohttp.ClientSession(trace_configs=[tracing]) as session:
            transport = ClientSessionTransport(session)
            async with AsyncUsersManager(url, transport=transport) as users:
                ...
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        reuse: bool = False,
        max_response_bytes: int = 1 << 20,
        connect_timeout: float = 3.0,
    ) -> None:
        if max_response_bytes <= 0 or connect_timeout <= 0:
            raise ArgumentError("max_response_bytes and connect_timeout must be positive")
        self.strict = reuse
        self._session = session
        self._max_response_bytes = max_response_bytes
        # aiohttp would round a timeout above the threshold up.
        self._timeout = aiohttp.ClientTimeout(
            total=None, connect=connect_timeout, ceil_threshold=math.inf
        )
        self._loop: asyncio.AbstractEventLoop | None = None  # Of the session, once it is known.
        self._closed = False

    async def asend(self, request: Request) -> Response:
        """Send a request and return its response; see `AsyncTransport.asend`."""
        if self._closed:
            raise LifecycleError("the transport is closed")
        self._require_usable_session()
        if request.remaining() <= 0:
            raise DeadlineExceededError("the deadline has passed", sent=False)
        once = _SendOnce(request)
        try:
            async with asyncio.timeout(request.remaining()):
                outcome = await self._exchange(request, once)
        except (aiohttp.ClientError, OSError) as error:
            outcome = _translate(error, sent=once.sent)
        if isinstance(outcome, Response):
            return outcome
        raise outcome  # Outside of the `except` block: aiohttp's frames contain the token.

    def _require_usable_session(self) -> None:
        if self._session.closed:
            raise LifecycleError("the session is closed")
        loop = asyncio.get_running_loop()
        if loop is not self._loop and not _belongs_to(self._session, loop):
            raise LifecycleError(
                "the session belongs to another event loop: open a session, and make a transport"
                " and a manager over it, in each loop"
            )
        self._loop = loop

    async def _exchange(self, request: Request, once: _SendOnce) -> Response | UsersManagerError:
        async with self._session.request(
            request.method,
            URL(request.url, encoded=True),
            data=request.body,
            headers=_without_token(request),
            allow_redirects=False,
            raise_for_status=False,
            auto_decompress=False,
            timeout=self._timeout,
            middlewares=(*_middlewares(self._session), once),
        ) as raw:
            body = await self._read(raw)
            if body is None:
                raw.close()
                limit = self._max_response_bytes
                return BodyTooLargeError(f"the body is larger than {limit} bytes")
            return Response(raw.status, raw.headers, body)

    async def _read(self, raw: aiohttp.ClientResponse) -> bytes | None:
        """Return the body, or None if it is too large."""
        body = bytearray()
        async for chunk in raw.content.iter_any():
            body += chunk
            if len(body) > self._max_response_bytes:
                return None
        return bytes(body)

    async def aclose(self) -> None:
        """Refuse further requests. The session stays open."""
        self._closed = True


class _SendOnce:
    """The innermost client middleware: adds the token, and keeps the request to itself.

    Attributes:
        sent: whether anything may have been sent.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self.sent = False

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        request.headers.popall("Cookie", None)
        request.headers.update(_token_alone(self._request))
        if self._request.close_connection:
            request.response_class = _SingleUseResponse
        response = await self._send(request, handler)
        response.cookies = SimpleCookie()  # aiohttp would put them into the jar of the session.
        return response

    async def _send(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        sent_before, self.sent = self.sent, True
        try:
            return await handler(request)
        except _NOT_SENT:
            self.sent = sent_before
            raise
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            # After one of these two, aiohttp would silently send a GET again.
            raise aiohttp.ClientConnectionError from error


class _SingleUseResponse(aiohttp.ClientResponse):
    """A response whose connection is closed after it.

    aiohttp puts a connection back into its pool at the end of a body, even if the request said
    ``Connection: close``.
    """

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        """Read the head; mark the connection before, because the body may end with it."""
        connection.protocol.force_close()
        return await super().start(connection)


def _middlewares(session: aiohttp.ClientSession) -> tuple[aiohttp.ClientMiddlewareType, ...]:
    """Return the session's own middlewares, which those of a request replace.

    aiohttp has no public way to read them.
    """
    return tuple(getattr(session, "_middlewares", ()))


def _belongs_to(session: aiohttp.ClientSession, loop: asyncio.AbstractEventLoop) -> bool:
    """Return whether a session belongs to an event loop.

    `session.loop` is deprecated, and warns. But aiohttp refuses a session over a connector of
    another loop.
    """
    try:
        probe = aiohttp.ClientSession(loop=loop, connector=session.connector, connector_owner=False)
    except RuntimeError:
        return False
    probe.detach()
    return True


def _without_token(request: Request) -> dict[str, str]:
    headers = request.headers_to_send()
    headers.pop("Authorization", None)
    return headers


def _token_alone(request: Request) -> dict[str, str]:
    headers = request.headers_to_send()
    return {name: value for name, value in headers.items() if name == "Authorization"}


def _translate(error: Exception, *, sent: bool) -> UsersManagerError:
    if isinstance(error, _NOT_SENT) and not sent:
        return _connect_error(error)
    cause = _cause(error)
    match cause:
        case aiohttp.ServerDisconnectedError():
            message = "the connection ended before the response"
            return DisconnectedError(message, reason="no_response")
        case aiohttp.ClientPayloadError():
            message = "the connection ended before the response was complete"
            return DisconnectedError(message, reason="truncated")
        case OSError():
            return exchange_error(cause)
        case aiohttp.ClientConnectionError():
            return exchange_error(ConnectionResetError())
        case _:
            return exchange_error(cause)


def _connect_error(error: Exception) -> UsersManagerError:
    match error:
        case aiohttp.ClientHttpProxyError(status=status):
            message = f"the proxy answered {status}"
            return ConnectError(message, reason="proxy_refused", proxy_status=status)
        case aiohttp.ClientConnectorDNSError():
            return connect_error(socket.gaierror())
        case aiohttp.ConnectionTimeoutError():
            return connect_error(TimeoutError())
    to_proxy = isinstance(error, aiohttp.ClientProxyConnectionError)
    return connect_error(_cause(error), to_proxy=to_proxy)


def _cause(error: BaseException) -> BaseException:
    """Return the error of the socket or of TLS that aiohttp has wrapped, if there is one."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return error.certificate_error
        case aiohttp.ClientConnectorError():
            return _cause(error.os_error)
    wrapped = error.__cause__
    return _cause(wrapped) if isinstance(wrapped, aiohttp.ClientError | ssl.SSLError) else error
