"""FakeTransport: scripted responses for unit tests, without a server or a socket."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from typing import Self, TypeAlias

from .._values.request import Request
from .._values.response import Response
from ..errors import TransportError

__all__ = ["FakeTransport", "ScriptItem"]

ScriptItem: TypeAlias = Response | TransportError | Callable[[Request], Response]


class FakeTransport:
    """Sync and async transport that returns scripted responses and records requests.

    Waits, such as those between retries, are recorded and take no time. The clock does not move.

    Args:
        script: one item for each request: a Response, a TransportError to raise, or a
            function of the request. Each is used once.
        real_time: whether waits take their time.

    Attributes:
        requests: all requests, in order.
        waits: the seconds of all waits, in order.
        closed: whether the manager has closed the transport.

    Example::

        fake = FakeTransport().profile("auth0|1", email="a@example.com")
        with UsersManager("https://tenant.example", transport=fake) as users:
            assert users.get_info("token").email == "a@example.com"
        assert fake.requests[0].operation == "get_info"
    """

    strict = True  # It has no connections to close.

    def __init__(self, *script: ScriptItem, real_time: bool = False) -> None:
        self._script = deque(script)
        self._real_time = real_time
        self.requests: list[Request] = []
        self.waits: list[float] = []
        self.closed: bool = False

    def add(self, *script: ScriptItem) -> Self:
        """Append items to the script."""
        self._script.extend(script)
        return self

    def profile(self, sub: str, **claims: object) -> Self:
        """Append a response to ``get_info``: a profile with this subject and these claims."""
        body = json.dumps({"sub": sub, **claims}).encode()
        return self.add(Response(200, {"Content-Type": "application/json"}, body))

    def link(self, url: str) -> Self:
        """Append a response to ``impersonate``: a link."""
        return self.add(Response(200, {"Content-Type": "text/plain"}, url.encode()))

    def status(
        self, status: int, *, error: str = "", error_description: str = "", **headers: str
    ) -> Self:
        """Append a response with an error status.

        Args:
            status: such as 401 or 503.
            error: the error code in the body, if any.
            error_description: the description in the body, if any.
            headers: header fields, with "_" for "-": ``retry_after="2"``.
        """
        members = {"error": error, "error_description": error_description}
        body = json.dumps({name: value for name, value in members.items() if value}).encode()
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.add(Response(status, {"Content-Type": "application/json", **fields}, body))

    def send(self, request: Request) -> Response:
        """Return or raise the next item of the script.

        Args:
            request: the request, which is recorded.

        Raises:
            AssertionError: the script has no more items.
        """
        self.requests.append(request)
        try:  # Not an `if`: another thread may take the last item.
            item = self._script.popleft()
        except IndexError:
            message = "unexpected request: the script of the FakeTransport has ended"
            raise AssertionError(message) from None
        if isinstance(item, Exception):
            try:
                raise item
            finally:
                del item  # Break the reference cycle.
        return item if isinstance(item, Response) else item(request)

    async def asend(self, request: Request) -> Response:
        """Return or raise the next item of the script.

        Args:
            request: the request, which is recorded.

        Raises:
            AssertionError: the script has no more items.
        """
        return self.send(request)

    def sleep(self, seconds: float) -> None:
        """Record a wait of a sync call."""
        self.waits.append(seconds)
        if self._real_time:
            time.sleep(seconds)

    async def asleep(self, seconds: float) -> None:
        """Record a wait of an async call. Other tasks may run."""
        self.waits.append(seconds)
        await asyncio.sleep(seconds if self._real_time else 0)

    def close(self) -> None:
        """Set `closed`."""
        self.closed = True

    async def aclose(self) -> None:
        """Set `closed`."""
        self.close()
