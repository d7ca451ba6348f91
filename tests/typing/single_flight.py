"""SingleFlight as a type checker sees it. Checked by mypy --strict and pyright, never run."""

from __future__ import annotations

from typing import assert_type

from usersmanager import Request, Response
from usersmanager.plugins import Flow, Proceed, SingleFlight, hookimpl


class Cache:
    def __init__(self) -> None:
        self.flight = SingleFlight()

    @hookimpl
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        response = yield from self.flight.run("key", lambda: proceed(request))
        assert_type(response, Response)
        length = yield from self.flight.run(("key", 1), lambda: self.length(request, proceed))
        assert_type(length, int)
        self.flight.forget("key")
        return response

    @hookimpl
    def usersmanager_wrap_attempt(self, request: Request, proceed: Proceed) -> Flow[Response]:
        return self.flight.run(b"key", lambda: proceed(request))

    def length(self, request: Request, proceed: Proceed) -> Flow[int]:
        return len((yield from proceed(request)).body)
