"""SendOnce: a client middleware for one request of an aiohttp.ClientSession."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any

import aiohttp

from usersmanager import Request

from .session_errors import NOT_SENT

__all__ = ["SendOnce"]


class SendOnce:
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
        """Send the request, with the token and without cookies."""
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
        except NOT_SENT:
            self.sent = sent_before
            raise
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            # After one of these two, aiohttp would silently send a GET again.
            raise aiohttp.ClientConnectionError from error


class _SingleUseResponse(aiohttp.ClientResponse):
    """A response whose connection is closed after it.

    aiohttp puts a connection back into its pool at the end of a body, even if the request said
    `Connection: close`.
    """

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        """Read the head; mark the connection before, because the body may end with it."""
        connection.protocol.force_close()
        return await super().start(connection)


def _token_alone(request: Request) -> dict[str, str]:
    headers = request.headers_to_send()
    return {name: value for name, value in headers.items() if name == "Authorization"}
