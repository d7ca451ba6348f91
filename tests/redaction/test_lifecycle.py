"""The ends of managers, event loops and processes show no token and no link."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from typing import Any

import pytest
from tests.redaction.assertions import assert_hidden, raised
from tests.redaction.capture import OPERATIONS, CapturingClient
from tests.redaction.scenarios import answering
from tests.redaction.secrets import B64TOKEN, Secrets
from tests.support import TENANT

from usersmanager import AsyncUsersManager, LifecycleError, Response, UsersManager
from usersmanager.testing import FakeTransport, FaultServer


def test_a_closed_manager_or_transport_shows_no_secret(
    client: CapturingClient, secrets: Secrets
) -> None:
    def close_and_call(call: Any) -> Any:
        def sync_call(users: Any) -> Any:
            users.close()
            return call(users)

        async def async_call(users: Any) -> Any:
            await users.aclose()
            return await call(users)

        return sync_call if client.is_sync else async_call

    closed = client.transport()
    client.call(lambda users: None if client.is_sync else asyncio.sleep(0), transport=closed)
    errors = []
    for operation in OPERATIONS.values():
        errors.append(client.error_over_fake(close_and_call(operation(secrets))))
        errors.append(client.error(operation(secrets), transport=closed))
    assert all(isinstance(error, LifecycleError) for error in errors), errors
    assert_hidden(secrets, client, errors)


def test_a_manager_outside_its_event_loop_shows_no_secret(
    async_client: CapturingClient, secrets: Secrets
) -> None:
    with async_client.capture():
        users = AsyncUsersManager(TENANT, transport=FakeTransport())
        errors = [
            raised(lambda: users.get_info(secrets.token, print)),
            raised(lambda: users.impersonate("u", secrets.settings, print)),
        ]
    assert all(isinstance(error, LifecycleError) for error in errors), errors
    assert_hidden(secrets, async_client, errors)


def test_calls_and_managers_that_are_dropped_unfinished_show_no_secret(secrets: Secrets) -> None:
    async def drop(users: Any) -> None:
        users.get_info(secrets.token)
        users.impersonate("u", secrets.settings)
        failed = [
            asyncio.ensure_future(operation(secrets)(users)) for operation in OPERATIONS.values()
        ]
        await asyncio.wait(failed)
        del failed
        gc.collect()

    client = CapturingClient("aiohttp", debug=True)
    with client.capture():
        client.call(drop, transport=FakeTransport(*[Response(401)] * 2), discover=False)
        UsersManager(TENANT, transport=FakeTransport())
        gc.collect()
    warned = [str(value) for value in client.objects if isinstance(value, Warning)]
    assert len([message for message in warned if "never awaited" in message]) == 2
    assert len([message for message in warned if "unclosed" in message]) == 1
    assert "asyncio" in client.loggers
    assert_hidden(secrets, client, [])


# A process that ends with an uncaught error.

UNCAUGHT = """
import asyncio, logging, os, sys, threading
from usersmanager import AsyncUsersManager, UsersManager, UsersManagerError

logging.basicConfig(level=logging.DEBUG)
url, way = sys.argv[1:]
settings = {"impersonator_id": "a", "protocol": "oauth2", "token": os.environ["TOKEN"]}

def call_both(users):
    try:
        users.impersonate("u", settings)
    except UsersManagerError:
        logging.exception("it failed")
    users.get_info(os.environ["TOKEN"])

def run_sync():
    with UsersManager(url) as users:
        call_both(users)

def fail(error, result):
    raise error or RuntimeError("no error")

async def run_async():
    async with AsyncUsersManager(url) as users:
        users.get_info(os.environ["TOKEN"], fail)
        lost = asyncio.ensure_future(users.impersonate("u", settings))
        await asyncio.wait([lost])
        del lost
        await users.get_info(os.environ["TOKEN"])

if way == "thread":
    thread = threading.Thread(target=run_sync)
    thread.start()
    thread.join()
    raise SystemExit(1)
run_sync() if way == "sync" else asyncio.run(run_async())
"""


@pytest.mark.parametrize("way", ["sync", pytest.param("thread", marks=pytest.mark.slow), "async"])
def test_an_uncaught_error_in_development_mode_shows_no_secret(way: str) -> None:
    behavior = answering(
        "401 TOKEN", 'Content-Type: application/json\nX-Echo: TOKEN\n\n{"error": "TOKEN"}'
    )
    with FaultServer(otherwise=lambda peer: behavior(B64TOKEN, peer)) as server:
        process = subprocess.run(
            [sys.executable, "-X", "dev", "-c", UNCAUGHT, server.origin, way],
            capture_output=True,
            text=True,
            env={"TOKEN": B64TOKEN.token},
        )
    output = process.stdout + process.stderr
    assert process.returncode == 1, output
    assert output.count("Traceback (most recent call last)") >= 2, output
    message = f"get_info at {server.origin} failed with 401 Unauthorized: [redacted]"
    assert f"UnauthorizedError: {message}" in output
    assert not [fragment for fragment in B64TOKEN.fragments() if fragment in output]
