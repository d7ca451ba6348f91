"""Call over a transport while a tool has patched urllib3 and aiohttp; run in a new process.

    python patched.py MODE TOOL STEPS ORIGIN FOLDER

Steps: `create`, `call` and `own` (create and call over a client of our own), in the order given,
inside of the tool from `enter` to `exit`. Each prints what happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import urllib3

from usersmanager import AsyncUsersManager, UsersManager
from usersmanager.testing import profile

Context = contextlib.AbstractContextManager[Any]


def vcrpy(origin: str, folder: str) -> Context:
    import vcr

    cassette: Context = vcr.use_cassette(f"{folder}/cassette.yaml")
    return cassette


@contextlib.contextmanager
def sentry(origin: str, folder: str) -> Iterator[None]:
    import sentry_sdk

    sentry_sdk.init(dsn="http://key@127.0.0.1:9/1", traces_sample_rate=1.0)
    with sentry_sdk.start_transaction(name="a test"):
        yield
    sentry_sdk.init()


@contextlib.contextmanager
def mocks(origin: str, folder: str) -> Iterator[None]:
    """responses, of requests, and aioresponses, of aiohttp."""
    import aioresponses
    import responses

    body = profile("mocked").partition(b"\r\n\r\n")[2]
    with responses.RequestsMock(assert_all_requests_are_fired=False) as of_requests:
        of_requests.get(f"{origin}/userinfo", body=body, content_type="application/json")
        with aioresponses.aioresponses() as of_aiohttp:
            of_aiohttp.get(f"{origin}/userinfo", body=body, content_type="application/json")
            yield


TOOLS: dict[str, Callable[[str, str], Context]] = {
    "vcrpy": vcrpy,
    "sentry": sentry,
    "mocks": mocks,
}


class SyncCalls:
    """Steps over urllib3."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.users: Any = None

    def create(self) -> str:
        from usersmanager_urllib3 import Urllib3Transport

        self.close()
        self.users = UsersManager(self.origin, transport=Urllib3Transport(), discover=False)
        return "created"

    def call(self) -> str:
        return str(self.users.get_info("a-token").sub)

    def own(self) -> str:
        from usersmanager_urllib3 import PoolManagerTransport

        with urllib3.PoolManager() as pools:
            transport = PoolManagerTransport(pools)
            with UsersManager(self.origin, transport=transport, discover=False) as users:
                return str(users.get_info("a-token").sub)

    def close(self) -> None:
        if self.users is not None:
            self.users.close()


class AsyncCalls:
    """Steps over aiohttp."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.users: Any = None
        self.runner = asyncio.Runner()

    def create(self) -> str:
        from usersmanager_aiohttp import AiohttpTransport

        self.close()
        self.users = AsyncUsersManager(self.origin, transport=AiohttpTransport(), discover=False)
        return "created"

    def call(self) -> str:
        return str(self.runner.run(self.users.get_info("a-token")).sub)

    def own(self) -> str:
        return self.runner.run(self._own())

    async def _own(self) -> str:
        from usersmanager_aiohttp import ClientSessionTransport

        async with aiohttp.ClientSession() as session:
            transport = ClientSessionTransport(session)
            async with AsyncUsersManager(self.origin, transport=transport, discover=False) as users:
                return str((await users.get_info("a-token")).sub)

    def close(self) -> None:
        if self.users is not None:
            self.runner.run(self.users.aclose())


def attempt(step: Callable[[], str]) -> str:
    try:
        return step()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def main(mode: str, tool: str, steps: str, origin: str, folder: str) -> None:
    calls = SyncCalls(origin) if mode == "sync" else AsyncCalls(origin)
    with contextlib.ExitStack() as stack, contextlib.closing(calls):
        for step in steps.split():
            if step == "enter":
                stack.enter_context(TOOLS[tool](origin, folder))
            elif step == "exit":
                stack.close()
            else:
                sys.stdout.write(f"{step}: {attempt(getattr(calls, step))}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
