"""The cost of a call in function calls, which does not depend on the load of the machine."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
from collections.abc import Callable, Iterator
from types import FrameType

import pytest
from tests.support import TENANT

from usersmanager import AsyncUsersManager, Request, Response, UsersManager

# The calls of Python functions in one `get_info`, with the default plugins and a transport that
# does nothing: 87 sync and 88 async on Python 3.11, and one of the counter itself. A change that
# needs more explains it in its commit message.
LIMIT = 89
PLUGINS = ["headers", "logging", "retry"]


class Canned:
    """A transport that always returns the same response, in either mode."""

    strict = True  # As the shipped ones.
    response = Response(200, {"Content-Type": "application/json"}, b'{"sub": "u"}')

    def send(self, request: Request) -> Response:
        return self.response

    async def asend(self, request: Request) -> Response:
        return self.response

    def close(self) -> None: ...

    async def aclose(self) -> None: ...


@contextlib.contextmanager
def count_calls(calls: list[None]) -> Iterator[None]:
    def count(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            calls.append(None)

    gc.disable()  # A test library may have registered callbacks for a collection.
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(None)
        gc.enable()


def sync_cost(calls_before: int) -> int:
    calls: list[None] = []
    with UsersManager(TENANT, transport=Canned(), discover=PLUGINS) as users:
        for _ in range(calls_before):
            users.get_info("a-token")
        with count_calls(calls):
            users.get_info("a-token")
    return len(calls)


def async_cost(calls_before: int) -> int:
    calls: list[None] = []

    async def main() -> None:
        async with AsyncUsersManager(TENANT, transport=Canned(), discover=PLUGINS) as users:
            for _ in range(calls_before):
                await users.get_info("a-token")
            with count_calls(calls):
                await users.get_info("a-token")

    asyncio.run(main())
    return len(calls)


@pytest.mark.parametrize("cost", [sync_cost, async_cost])
def test_a_call_through_the_default_plugins_costs_no_more_than_the_limit(
    cost: Callable[[int], int],
) -> None:
    assert cost(1) <= LIMIT


@pytest.mark.parametrize("cost", [sync_cost, async_cost])
def test_the_cost_does_not_depend_on_the_number_of_earlier_calls(
    cost: Callable[[int], int],
) -> None:
    assert cost(1) == cost(100)
