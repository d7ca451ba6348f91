"""Each hook of an installed third-party plugin is called."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

pytestmark = pytest.mark.slow

DISTRIBUTIONS = ["hooks"]

PROGRAM = """
import asyncio, contextlib, json
from recorder_usersmanager import events
from usersmanager import AsyncUsersManager, DecodeError, DisconnectedError, Response, UsersManager
from usersmanager.testing import FakeTransport

URL = "https://tenant.example"

def script():
    return FakeTransport(DisconnectedError("gone")).profile("ada").add(Response(200))

with UsersManager(URL, transport=script()) as users:
    users.get_info("a-token")
    with contextlib.suppress(DecodeError):
        users.get_info("a-token")

async def main():
    async with AsyncUsersManager(URL, transport=script()) as users:
        await users.get_info("a-token")
        with contextlib.suppress(DecodeError):
            await users.get_info("a-token")

asyncio.run(main())
print(json.dumps(events))
"""


def expected(mode: str, close: str) -> list[str]:
    """Return the events of two calls: the first is retried, the second gets no profile."""
    return [
        *("call begins", mode),
        *("request 1", "attempt 1 begins", "attempt 1 ends"),
        *("request 2", "attempt 2 begins", "attempt 2 ends", "response 2: 200"),
        *("call ends: 200", "done: 200, NoneType"),
        *("call begins", mode),
        *("request 1", "attempt 1 begins", "attempt 1 ends", "response 1: 200"),
        *("call ends: 200", "done: 200, DecodeError"),
        close,
    ]


def test_each_hook_is_called_in_its_place_in_both_modes(run: Callable[..., str]) -> None:
    events = json.loads(run("-c", PROGRAM))
    assert events == expected("sync", "close") + expected("async", "aclose")
    listed = json.loads(run("-m", "usersmanager", "plugins", "--json"))
    (entry,) = (entry for entry in listed if entry["name"] == "recorder")
    assert (entry["status"], entry["version"]) == ("active", "1.2.3")
    assert sorted(entry["hooks"]) == [
        f"usersmanager_{hook}"
        for hook in ("aclose", "close", "done", "request", "response", "wrap_attempt", "wrap_call")
    ]
