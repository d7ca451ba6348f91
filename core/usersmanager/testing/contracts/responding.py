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
    """A transport that calls a function for every request.

    Attributes:
        answer: returns what is sent in place of the result of the function.
    """

    def __init__(self, respond: Responder) -> None:
        super().__init__()
        self._respond = respond
        self.answer: Callable[[Request, Response], Response] = lambda request, response: response

    def send(self, request: Request) -> Response:
        """Return the answer."""
        self.requests.append(request)
        return self.answer(request, self._respond(request))

    @property
    def profile_requests(self) -> list[Request]:
        """The requests for profiles, without a plugin's own."""
        return [request for request in self.requests if request.operation == "get_info"]


def own_profile(request: Request) -> Response:
    """Return a profile whose subject is the token."""
    body = json.dumps({"sub": request.token.reveal()}).encode()
    return Response(200, {"Content-Type": "application/json"}, body)


def raising(error: BaseException) -> Responder:
    """Return a function that raises an error."""

    def respond(request: Request) -> Response:
        raise error.with_traceback(None)

    return respond
