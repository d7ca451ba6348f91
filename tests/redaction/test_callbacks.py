"""Calls with a callback show no token and no link."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.redaction.assertions import assert_hidden
from tests.redaction.capture import CapturingClient
from tests.redaction.secrets import Secrets
from tests.redaction.stalling import StallingServer, before_the_response

from usersmanager import LifecycleError, Response
from usersmanager.testing import FakeTransport


class RecordingCallback:
    """A callback that keeps the errors it is called with, and may fail itself."""

    def __init__(self, *, fails: bool = False) -> None:
        self.errors: list[BaseException] = []
        self._fails = fails

    def __call__(self, error: BaseException | None, result: object) -> None:
        del result
        if error is not None:
            self.errors.append(error)
        if self._fails:
            raise RuntimeError("the callback failed")


def call_both(
    client: CapturingClient, secrets: Secrets, callback: RecordingCallback
) -> Callable[[Any], Any]:
    """Return a function that calls both operations with a callback."""

    def call(users: Any) -> Any:
        for operation in (
            lambda: users.get_info(secrets.token, callback),
            lambda: users.impersonate("u", secrets.settings, callback),
        ):
            try:
                operation()
            except Exception as error:
                callback.errors.append(error)
        return None if client.is_sync else asyncio.sleep(0)

    return call


@pytest.mark.parametrize("fails", [False, True], ids=["succeeds", "fails"])
@pytest.mark.parametrize("status", [200, 401])
def test_a_callback_shows_no_secret(
    status: int, fails: bool, client_over_fake: CapturingClient, secrets: Secrets
) -> None:
    json = {"Content-Type": "application/json"}
    body = '{"sub": "u", "token": "TOKEN", "link": "LINK", "error": "TOKEN"}'
    transport = FakeTransport(
        Response(status, json, secrets.fill(body)), Response(status, {}, secrets.fill("LINK"))
    )
    client, callback = client_over_fake, RecordingCallback(fails=fails)
    client.call(call_both(client, secrets, callback), transport=transport, discover=False)
    errors = 2 if status == 401 else 0
    # A sync call raises what its callback raises; an event loop logs it.
    assert len(callback.errors) == errors + (2 if fails and client.is_sync else 0)
    assert ("asyncio" in client.loggers) >= (fails and not client.is_sync)
    assert_hidden(secrets, client, callback.errors)


def test_a_cancelled_call_with_a_callback_shows_no_secret(
    async_client: CapturingClient, secrets: Secrets
) -> None:
    callback = RecordingCallback()

    async def cancel_all(users: Any) -> None:
        call_both(async_client, secrets, callback)(users).close()
        await server.stalled()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        async_client.objects += tasks

    with StallingServer(before_the_response, secrets) as server:
        async_client.call(cancel_all, server.url)
    assert len(callback.errors) == 2
    assert all(isinstance(error, LifecycleError) for error in callback.errors)
    assert_hidden(secrets, async_client, callback.errors)
