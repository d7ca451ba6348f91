"""One request over one of our own connections."""

from __future__ import annotations

import math

import aiohttp

from usersmanager import (
    DeadlineExceededError,
    Request,
    Response,
    ResponseReader,
    encode_request,
)

from .protocol import ReadingProtocol, StaleConnectionError

__all__ = ["Exchange", "connecting_within"]


def connecting_within(seconds: float) -> aiohttp.ClientTimeout:
    """The time for one connection, exactly: beyond its threshold, aiohttp rounds up."""
    return aiohttp.ClientTimeout(total=None, connect=seconds, ceil_threshold=math.inf)


class Exchange:
    """One request and its response.

    Args:
        request: what is sent.
        address: what aiohttp pools and dials by: a request that is never sent.
        limit: a larger body, in bytes, is a BodyTooLargeError.
        connecting: with seconds for one connection.

    Attributes:
        sent: whether any of it may have been sent.
    """

    def __init__(
        self,
        request: Request,
        address: aiohttp.ClientRequest,
        *,
        limit: int,
        connecting: aiohttp.ClientTimeout,
    ) -> None:
        self._request = request
        self._address = address
        self._limit = limit
        self._connecting = connecting
        self.sent = False

    async def over(self, connector: aiohttp.BaseConnector) -> Response:
        """The response, over a connection whose connector is guarded."""
        while True:
            try:
                return await self._once(connector)
            except StaleConnectionError:
                continue  # It is closed, nothing was sent: the pool has one less of them.

    async def _once(self, connector: aiohttp.BaseConnector) -> Response:
        connection = await connector.connect(self._address, [], self._time_to_connect())
        protocol = connection.protocol
        assert isinstance(protocol, ReadingProtocol)  # noqa: S101 - for the type.
        try:
            protocol.require_clean()
            self._time_left()  # The loop may have been blocked.
            self.sent = True
            reader = ResponseReader(exact=not self._request.idempotent, limit=self._limit)
            return await protocol.exchange(self._message(), reader, self._request.deadline)
        except BaseException:
            protocol.force_close()
            raise
        finally:
            if protocol.should_close:
                protocol.abandon()
            connection.release()

    def _time_to_connect(self) -> aiohttp.ClientTimeout:
        left = self._time_left()
        if self._connecting.connect is not None and left >= self._connecting.connect:
            return self._connecting
        return connecting_within(left)

    def _time_left(self) -> float:
        left = self._request.remaining()
        if left <= 0:
            raise DeadlineExceededError("the deadline has passed", phase="not sent")
        return left

    def _message(self) -> bytes:
        request, fields = self._request, self._request.wire_text()
        if self._address.proxy is None or self._address.is_ssl():
            return encode_request(request.method, request.target, fields, request.body)
        # A proxy is asked for a plain address in whole (RFC 9112, section 3.2.2).
        if "Proxy-Authorization" in self._address.headers:
            fields += f"Proxy-Authorization: {self._address.headers['Proxy-Authorization']}\r\n"
        return encode_request(request.method, request.url, fields, request.body)
