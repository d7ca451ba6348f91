"""An issuer over a fake transport, and calls of managers that are made from it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from usersmanager import AsyncUsersManager, Response, UserInfo, UsersManager
from usersmanager.testing import FakeTransport

__all__ = ["ISSUER", "add_configuration", "fetch_profile"]

ISSUER = "https://accounts.example"


def add_configuration(fake: FakeTransport, **changes: Any) -> FakeTransport:
    """Add the configuration document of a provider to the responses."""
    document = {"issuer": ISSUER, "userinfo_endpoint": "https://api.example/v1/me", **changes}
    body = json.dumps({name: value for name, value in document.items() if value is not None})
    return fake.add(Response(200, {"Content-Type": "application/json"}, body.encode()))


def fetch_profile(mode: Any, issuer: str, token: str = "a-token", **settings: Any) -> UserInfo:
    """Fetch a profile from an issuer, in either mode."""
    if mode.name == "sync":
        with UsersManager.from_issuer(issuer, **settings) as users:
            return users.get_info(token)

    async def main() -> UserInfo:
        async with await AsyncUsersManager.from_issuer(issuer, **settings) as users:
            return await users.get_info(token)

    return asyncio.run(main())
