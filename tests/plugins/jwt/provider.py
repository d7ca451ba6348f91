"""A provider in memory that signs its profiles, and calls of managers made from its metadata."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from tests.plugins.jwt.tokens import EC, ISSUER, RSA, claims, jwk, sign

from usersmanager import (
    AsyncUsersManager,
    Request,
    Response,
    TransportError,
    UserInfo,
    UsersManager,
)

JSON = {"Content-Type": "application/json"}
JWT = {"Content-Type": "application/jwt"}

Outcome = Response | TransportError | Callable[[Request], Response]


class Provider:
    """A transport, sync and async, that is a provider.

    Attributes:
        requests: those that were sent, without the one for the metadata.
        metadata: its metadata.
        published: its key set.
        profile: makes the body of a profile for the subject that the access token names.
        outcomes: what the next requests to a path get instead, by path.
    """

    strict = True

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.metadata: dict[str, Any] = {
            "issuer": ISSUER,
            "userinfo_endpoint": f"{ISSUER}/userinfo",
            "jwks_uri": f"{ISSUER}/keys",
        }
        self.published: Any = {"keys": [jwk(EC, kid="1"), jwk(RSA, kid="2")]}
        self.profile: Callable[[str], bytes] = lambda subject: sign(payload=claims(sub=subject))
        self.outcomes: dict[str, list[Outcome]] = {}

    @property
    def paths(self) -> list[str]:
        """The paths of the requests, in order."""
        return [request.target for request in self.requests]

    def send(self, request: Request) -> Response:
        path = request.target
        if path.startswith("/.well-known"):
            return Response(200, JSON, json.dumps(self.metadata).encode())
        self.requests.append(request)
        if self.outcomes.get(path):
            outcome = self.outcomes[path].pop(0)
            if isinstance(outcome, TransportError):
                raise outcome
            return outcome if isinstance(outcome, Response) else outcome(request)
        if path == "/keys":
            return Response(200, JSON, json.dumps(self.published).encode())
        return Response(200, JWT, self.profile(request.token.reveal()))

    async def asend(self, request: Request) -> Response:
        return await asyncio.to_thread(self.send, request)

    def close(self) -> None: ...

    async def aclose(self) -> None: ...


def get_info(mode: Any, provider: Provider, *tokens: str, **settings: Any) -> list[UserInfo]:
    """Return the profiles of some tokens from one manager, in either mode."""
    options = {"transport": provider, "discover": False} | settings
    call = {name: options.pop(name) for name in ("timeout", "expected_subject") if name in options}
    if mode.name == "sync":
        with UsersManager.from_issuer(ISSUER, **options) as users:
            return [users.get_info(token, **call) for token in tokens or ("ada",)]

    async def main() -> list[UserInfo]:
        async with AsyncUsersManager.from_issuer(ISSUER, **options) as users:
            return [await users.get_info(token, **call) for token in tokens or ("ada",)]

    return asyncio.run(main())
