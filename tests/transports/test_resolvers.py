"""A resolver that hangs: what it costs other names, other calls and the program."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.transports.calls import TRANSPORTS
from tests.transports.names import HOST, hanging

from usersmanager import AsyncUsersManager, ConnectError, UsersManager
from usersmanager.testing import FaultServer

HANGING = "hanging.example"


def resolver_threads() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "usersmanager-resolve"]


def fetch_all(transport: str, origins: list[str]) -> list[Any]:
    """Get a profile from each origin at the same time; return the results and errors in order."""
    manager_class, transport_class = TRANSPORTS[transport]
    options: dict[str, Any] = {"discover": False, "timeout": 1.0, "allow_insecure": True}
    if manager_class is UsersManager:

        def fetch(origin: str) -> Any:
            with UsersManager(origin, transport=transport_class(), **options) as users:
                try:
                    return users.get_info("t")
                except ConnectError as error:
                    return error

        with ThreadPoolExecutor(len(origins)) as threads:
            return list(threads.map(fetch, origins))

    async def afetch(origin: str) -> Any:
        async with AsyncUsersManager(origin, transport=transport_class(), **options) as users:
            return await users.get_info("t")

    async def main() -> list[Any]:
        return await asyncio.gather(*map(afetch, origins), return_exceptions=True)

    return asyncio.run(main())


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_name_that_hangs_delays_no_other_and_is_looked_up_once(transport: str) -> None:
    with FaultServer() as server, hanging(HANGING) as asked:
        origins = [f"http://{HANGING}"] * 40 + [f"http://{HOST}:{server.port}"]
        outcomes = fetch_all(transport, origins)
        assert len(resolver_threads()) == 1
    assert {error.reason for error in outcomes[:-1]} == {"resolver_timeout"}
    assert outcomes[-1].sub == "t"
    assert sorted(asked) == [HANGING, HOST]


HANGING_PROGRAM = """
import socket, time
from concurrent.futures import ThreadPoolExecutor
from tests.transports.calls import TRANSPORTS, call

def hang(*arguments, **settings):
    time.sleep(600)

def reason(number, name):
    origin = f"http://hanging-{number}.example"
    return call(name, "get_info", origin, timeout=1.0).error.reason

socket.getaddrinfo = hang
with ThreadPoolExecutor() as threads:
    for found in threads.map(reason, range(len(TRANSPORTS)), TRANSPORTS):
        print(found)
"""


def test_a_name_that_hangs_does_not_keep_the_program_from_ending() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HANGING_PROGRAM], capture_output=True, text=True, timeout=120
    )
    assert (done.stdout, done.stderr) == ("resolver_timeout\n" * len(TRANSPORTS), "")
