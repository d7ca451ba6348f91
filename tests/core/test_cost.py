"""What a call costs, in function calls: a figure that no busy machine disturbs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from types import FrameType

import pytest

from usersmanager import AsyncUsersManager, Request, Response, UsersManager

# Calls of Python functions in one `get_info`, over a transport that does nothing, with the
# default plugins: 91 on Python 3.11. If a change needs more, docs/performance.md says what for.
LIMIT = 92
URL, PLUGINS = "https://tenant.example", ["headers", "logging", "retry"]


class Canned:
    """Does nothing, in either colour."""

    answer = Response(200, {"Content-Type": "application/json"}, b'{"sub": "u"}')

    def send(self, request: Request) -> Response:
        return self.answer

    async def asend(self, request: Request) -> Response:
        return self.answer

    def close(self) -> None: ...

    async def aclose(self) -> None: ...


def counter(counted: list[None]) -> Callable[[FrameType, str, object], None]:
    def count(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            counted.append(None)

    return count


def blocking(calls_before: int) -> int:
    counted: list[None] = []
    with UsersManager(URL, transport=Canned(), discover=PLUGINS) as users:
        for _ in range(calls_before):
            users.get_info("a-token")
        sys.setprofile(counter(counted))
        try:
            users.get_info("a-token")
        finally:
            sys.setprofile(None)
    return len(counted)


def asynchronous(calls_before: int) -> int:
    counted: list[None] = []

    async def main() -> None:
        async with AsyncUsersManager(URL, transport=Canned(), discover=PLUGINS) as users:
            for _ in range(calls_before):
                await users.get_info("a-token")
            sys.setprofile(counter(counted))
            try:
                await users.get_info("a-token")
            finally:
                sys.setprofile(None)

    asyncio.run(main())
    return len(counted)


@pytest.mark.parametrize("calls", [blocking, asynchronous])
def test_a_call_through_every_plugin_takes_no_more_than_so_many_function_calls(
    calls: Callable[[int], int],
) -> None:
    assert calls(1) <= LIMIT


@pytest.mark.parametrize("calls", [blocking, asynchronous])
def test_a_call_costs_the_same_however_many_went_before(calls: Callable[[int], int]) -> None:
    assert calls(1) == calls(100)
