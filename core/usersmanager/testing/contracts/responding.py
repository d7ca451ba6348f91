"""A transport that computes its responses, for the plugin contract."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeAlias

from ..._values.request import Request
from ..._values.response import Response
from ..fake import FakeTransport

__all__ = ["Responder", "RespondingTransport", "own_profile", "raising"]

Responder: TypeAlias = Callable[[Request], Response]


class RespondingTransport(FakeTransport):
    """A transport that calls a function for every request."""

    def __init__(self, respond: Responder) -> None:
        super().__init__()
        self._respond = respond

    def send(self, request: Request) -> Response:
        """Return the result of the function."""
        self.requests.append(request)
        return self._respond(request)


def own_profile(request: Request) -> Response:
    """Return a profile whose subject is the token."""
    body = json.dumps({"sub": request.token.reveal()}).encode()
    return Response(200, {"Content-Type": "application/json"}, body)


def raising(error: BaseException) -> Responder:
    """Return a function that raises an error."""

    def respond(request: Request) -> Response:
        raise error.with_traceback(None)

    return respond
