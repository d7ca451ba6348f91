"""FakeTransport: waits take no time, and a mistake in a test fails the test."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from tenacity import wait_fixed
from tests.support import TENANT

from usersmanager import (
    AsyncUsersManager,
    Request,
    Response,
    ServerError,
    UnauthorizedError,
)
from usersmanager.testing import FakeTransport
from usersmanager_retry import Retry


def test_a_request_after_the_end_of_the_script_fails_the_test(mode: Any) -> None:
    with pytest.raises(AssertionError, match="script"):
        mode.call("get_info", "hush", base_url=TENANT, transport=FakeTransport())


def test_an_assertion_in_a_script_fails_the_test_without_frames_of_the_call(mode: Any) -> None:
    def respond(request: Request) -> Response:
        raise AssertionError("another path")

    with pytest.raises(AssertionError, match="another path") as caught:
        mode.call("get_info", "hush", base_url=TENANT, transport=FakeTransport().add(respond))
    assert caught.value.__context__ is None
    assert "respond" not in [entry.name for entry in caught.traceback]


def test_waits_between_retries_are_recorded_and_take_no_time(mode: Any) -> None:
    fake = FakeTransport().status(503, retry_after="4").status(503, retry_after="3").profile("u")
    started = time.monotonic()
    profile = mode.call("get_info", "t", base_url=TENANT, transport=fake)
    assert profile.sub == "u"
    # The jitter of the backoff is at most 2 seconds: these are the waits that the server asks for.
    assert fake.waits == [4, 3]
    assert time.monotonic() - started < 3


def test_the_clock_does_not_move_while_a_call_waits(mode: Any) -> None:
    remaining: list[float] = []

    def note(request: Request) -> Response:
        remaining.append(request.remaining())
        return Response(503, {"Retry-After": "4"})

    fake = FakeTransport(note, note, note)
    with pytest.raises(ServerError):
        mode.call("get_info", "t", base_url=TENANT, transport=fake)
    assert fake.waits == [4, 4]
    assert remaining[0] - remaining[2] < 3


def test_waits_take_their_time_if_asked_for(mode: Any) -> None:
    fake = FakeTransport(real_time=True).status(503).profile("u")
    started = time.monotonic()
    retry = Retry(wait=wait_fixed(0.05))
    mode.call("get_info", "t", base_url=TENANT, transport=fake, plugins=[retry])
    assert fake.waits == [0.05]
    assert time.monotonic() - started >= 0.05


def test_other_tasks_run_while_an_async_call_waits() -> None:
    order: list[str] = []

    def answer(request: Request) -> Response:
        order.append("attempt")
        return Response(503) if len(order) == 1 else Response(401)

    async def call() -> None:
        async with AsyncUsersManager(TENANT, transport=FakeTransport(answer, answer)) as users:
            with pytest.raises(UnauthorizedError):
                await users.get_info("t")

    async def other() -> None:
        order.append("other task")

    async def main() -> None:
        await asyncio.gather(call(), other())

    asyncio.run(main())
    assert order == ["attempt", "other task", "attempt"]
