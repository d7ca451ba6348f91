"""ClientSessionTransport: sends requests over an aiohttp.ClientSession of the application.

It uses aiohttp's public API: neither the engine nor its guarantees.
"""

from __future__ import annotations

import asyncio
import math

import aiohttp
from yarl import URL

from usersmanager import (
    ArgumentError,
    BodyTooLargeError,
    DeadlineExceededError,
    LifecycleError,
    Request,
    Response,
    UsersManagerError,
)

from .send_once import SendOnce
from .session_errors import translate

__all__ = ["ClientSessionTransport"]


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
        once = SendOnce(request)
        try:
            async with asyncio.timeout(request.remaining()):
                outcome = await self._exchange(request, once)
        except (aiohttp.ClientError, OSError) as error:
            outcome = translate(error, sent=once.sent)
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

    async def _exchange(self, request: Request, once: SendOnce) -> Response | UsersManagerError:
        async with self._session.request(
            request.method,
            URL(request.url, encoded=True),
            data=request.body,
            headers=_without_token(request),
            skip_auto_headers=["Content-Type"],  # aiohttp would invent one for an empty body.
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
