"""Interrupted calls show no token and no link."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from tenacity import wait_fixed
from tests.isolation.interrupting import attempt
from tests.isolation.moments import Moment, ReturnRecorder
from tests.redaction import introspection
from tests.redaction.assertions import assert_hidden
from tests.redaction.capture import OPERATIONS, CapturingClient
from tests.redaction.scenarios import Behavior
from tests.redaction.secrets import Secrets
from tests.redaction.stalling import POINTS, StallingServer, in_the_handshake
from tests.support import TENANT

from usersmanager import Response, UsersManager
from usersmanager.oauth import ClientSecretBasic, exchange_token
from usersmanager.testing import FakeTransport, FaultServer, Peer
from usersmanager_retry import Retry

Interruption = Callable[[Awaitable[Any], StallingServer], Awaitable[Any]]


async def cancel(call: Awaitable[Any], server: StallingServer) -> Any:
    task = asyncio.ensure_future(call)
    await server.stalled()
    task.cancel()
    return await task


async def time_out(call: Awaitable[Any], server: StallingServer) -> Any:
    async with asyncio.timeout(None) as timeout, asyncio.TaskGroup() as group:
        task = group.create_task(_awaited(call))
        await server.stalled()
        timeout.reschedule(0)
        return await task


async def _awaited(call: Awaitable[Any]) -> Any:
    return await call


async def wait_for(call: Awaitable[Any], server: StallingServer) -> Any:
    return await asyncio.wait_for(call, 0.05)


async def interrupt(call: Awaitable[Any], server: StallingServer) -> Any:
    task = asyncio.ensure_future(call)
    await server.stalled()
    asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGINT)
    return await task


@contextlib.contextmanager
def signal_handler(number: signal.Signals, handler: Any) -> Iterator[None]:
    """Install a signal handler, whatever the parent process has done about the signal."""
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signal handlers need the main thread")
    previous = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, previous)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("interruption", [cancel, time_out, wait_for, interrupt])
def test_an_interrupted_task_shows_no_secret(
    point: Behavior,
    interruption: Interruption,
    async_client: CapturingClient,
    secrets: Secrets,
) -> None:
    def interrupted(operation: Any) -> Any:
        return lambda users: interruption(operation(secrets)(users), server)

    with (
        signal_handler(signal.SIGINT, signal.default_int_handler),
        StallingServer(point, secrets) as server,
    ):
        errors = [
            async_client.error(interrupted(operation), server.url)
            for operation in OPERATIONS.values()
        ]
    kinds = (asyncio.CancelledError, TimeoutError, KeyboardInterrupt)
    assert all(isinstance(error, kinds) for error in errors), errors
    assert_hidden(secrets, async_client, errors)


@pytest.mark.parametrize("point", POINTS)
def test_a_signal_that_ends_a_sync_call_shows_no_secret(point: Behavior, secrets: Secrets) -> None:
    def end(number: int, frame: object) -> None:
        raise SystemExit(number)

    def behave(peer: Peer) -> None:
        point(secrets, peer)
        peer.stall(0.01)  # The client reads what was sent.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        peer.stall()

    client = CapturingClient("urllib3")
    with (
        signal_handler(signal.SIGUSR1, end),
        FaultServer(otherwise=behave) as server,
    ):
        is_tls = point is in_the_handshake
        url = server.origin.replace("http:", "https:") if is_tls else server.origin
        errors = [client.error(operation(secrets), url) for operation in OPERATIONS.values()]
    assert all(isinstance(error, SystemExit) for error in errors), errors
    assert_hidden(secrets, client, errors)


def test_a_task_that_is_cancelled_between_two_attempts_shows_no_secret(
    async_client: CapturingClient, secrets: Secrets
) -> None:
    def timed_out(operation: Any) -> Any:
        return lambda users: asyncio.wait_for(operation(secrets)(users), 0.03)

    responses = [Response(429, {"X-Request-Id": secrets.token}, secrets.token.encode())] * 2
    errors = [
        async_client.error_over_fake(
            timed_out(operation), *responses, retry=Retry(wait=wait_fixed(1))
        )
        for operation in OPERATIONS.values()
    ]
    assert all(isinstance(error, TimeoutError) for error in errors)
    assert_hidden(secrets, async_client, errors)


JSON = {"Content-Type": "application/json"}
ISSUED = {"access_token": "SEALED", "issued_token_type": "x", "token_type": "Bearer"}
EXCHANGE = exchange_token("a-token", audience="x", client=ClientSecretBasic("c", "a-secret"))
SETTINGS = {"impersonator_id": "b", "protocol": "oauth2", "token": "t", "client_id": "c"}


@pytest.mark.parametrize(
    ("call", "response"),
    [
        (
            lambda users: users.get_info("a-token"),
            Response(200, JSON, b'{"sub": "u", "email": "SEALED"}'),
        ),
        (
            lambda users: users.impersonate("auth0|ada", SETTINGS),
            Response(200, {}, b"https://tenant.example/SEALED"),
        ),
        (lambda users: users.call(EXCHANGE), Response(200, JSON, json.dumps(ISSUED).encode())),
    ],
    ids=["profile", "link", "issued token"],
)
def test_an_interruption_while_a_response_is_read_shows_nothing_of_it(
    call: Callable[[UsersManager], object], response: Response
) -> None:
    fake = FakeTransport()

    def interrupted(moment: Moment | None = None) -> tuple[ReturnRecorder, BaseException | None]:
        fake.add(response)
        with ReturnRecorder(at=moment) as recorder:
            ended = attempt(lambda: call(users))
        return recorder, ended.error

    with UsersManager(TENANT, transport=fake, discover=False) as users:
        interrupted()
        moments = interrupted()[0].moments
        begin = next(i for i, moment in enumerate(moments) if "_operations" in moment.file)
        assert len(moments[begin:]) > 10
        for moment in moments[begin:]:
            recorder, error = interrupted(moment)
            assert error is recorder.error, moment
            exposures = introspection.of_error(error)
            assert not [shown for shown in exposures if "SEALED" in shown.text], moment
