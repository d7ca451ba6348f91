"""FakeTransport: scripted answers for unit tests. No server, no socket."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import Self, TypeAlias

from .._values.messages import Request, Response
from ..errors import TransportError

__all__ = ["Answer", "FakeTransport"]

Answer: TypeAlias = Response | TransportError | Callable[[Request], Response]


class FakeTransport:
    """A transport of both modes that plays a script and records what was asked.

    Args:
        script: what to answer, in order: a Response, a TransportError to raise, or a
            function of the request. The last one is not repeated.

    Attributes:
        requests: every request that was sent, in order.
        closed: whether the manager has closed it.

    Example:
        ```python
        fake = FakeTransport().profile("auth0|1", email="a@example.com")
        with UsersManager("https://tenant.example", transport=fake) as users:
            assert users.get_info("token").email == "a@example.com"
        assert fake.requests[0].operation == "get_info"
        ```
    """

    def __init__(self, *script: Answer) -> None:
        self._script = deque(script)
        self.requests: list[Request] = []
        self.closed = False

    def add(self, *script: Answer) -> Self:
        """Adds answers to the end of the script."""
        self._script.extend(script)
        return self

    def profile(self, sub: str, **claims: object) -> Self:
        """Adds the answer to a `get_info`: a profile with this subject and these claims."""
        body = json.dumps({"sub": sub, **claims}).encode()
        return self.add(Response(200, {"Content-Type": "application/json"}, body))

    def link(self, url: str) -> Self:
        """Adds the answer to an `impersonate`."""
        return self.add(Response(200, {"Content-Type": "text/plain"}, url.encode()))

    def status(
        self, status: int, *, error: str = "", error_description: str = "", **headers: str
    ) -> Self:
        """Adds an error status.

        Args:
            status: such as 401 or 503.
            error: the server's error code, if any.
            error_description: its words, if any.
            headers: more header fields, with "_" for "-": `retry_after="2"`.
        """
        words = {"error": error, "error_description": error_description}
        body = json.dumps({name: value for name, value in words.items() if value}).encode()
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.add(Response(status, {"Content-Type": "application/json", **fields}, body))

    def send(self, request: Request) -> Response:
        """Plays the next answer."""
        self.requests.append(request)
        if not self._script:
            raise AssertionError("the script is over: add another answer to the FakeTransport")
        answer = self._script.popleft()
        if isinstance(answer, Exception):
            try:
                raise answer
            finally:
                del answer  # Kept here, it would hold this frame, and the frame the request.
        return answer if isinstance(answer, Response) else answer(request)

    async def asend(self, request: Request) -> Response:
        """Plays the next answer."""
        return self.send(request)

    def close(self) -> None:
        """Notes that it was closed."""
        self.closed = True

    async def aclose(self) -> None:
        """Notes that it was closed."""
        self.close()
