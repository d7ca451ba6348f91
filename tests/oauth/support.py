"""What the tests of `usersmanager.oauth` share: a manager over a fake, and its requests."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from tests.support import TENANT

from usersmanager import Request, Response, UsersManager
from usersmanager.oauth import ClientSecretPost, ExchangedToken
from usersmanager.operations import Operation
from usersmanager.testing import FakeTransport

__all__ = ["ACCESS_TOKEN", "CLIENT", "ISSUED", "answer", "exchanged", "form", "perform"]

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
CLIENT = ClientSecretPost("client", "client-secret-of-16")
# Those that operations without a path need.
_ENDPOINTS = {"introspection_endpoint": f"{TENANT}/introspect"}
ISSUED = {"access_token": "issued-token", "issued_token_type": ACCESS_TOKEN, "token_type": "Bearer"}


def answer(members: object, status: int = 200, **headers: str) -> Response:
    """Return a response with a JSON body."""
    body = json.dumps(members).encode()
    return Response(status, {"Content-Type": "application/json", **headers}, body)


def perform(operation: Operation[Any], response: Response, **settings: Any) -> tuple[Any, Request]:
    """Return the result of an operation, and its request."""
    fake = FakeTransport(response)
    settings = {"discover": False, "endpoints": _ENDPOINTS, **settings}
    with UsersManager(TENANT, transport=fake, **settings) as users:
        return users.call(operation), fake.requests[0]


def form(request: Request) -> list[tuple[str, str]]:
    """Return the fields of a request."""
    return parse_qsl((request.body or b"").decode(), keep_blank_values=True, strict_parsing=True)


def exchanged(**members: Any) -> ExchangedToken:
    """Return an issued token with changes."""
    return ExchangedToken({**ISSUED, **members})
