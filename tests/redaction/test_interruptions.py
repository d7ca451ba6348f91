"""Interrupted calls, callbacks and the ends of managers and processes show no secret."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from tenacity import wait_fixed
from tests.redaction import introspection
from tests.redaction.assertions import assert_hidden
from tests.redaction.capture import DEFAULT_TRUST, OPERATIONS, CapturingClient
from tests.redaction.scenarios import Behavior, answering
from tests.redaction.secrets import B64TOKEN, JWT, Secrets
from tests.support import TENANT

from usersmanager import AsyncUsersManager, LifecycleError, Response, UsersManager
from usersmanager.testing import FakeTransport, FaultServer, Peer
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_retry import Retry


@pytest.fixture
def async_client() -> CapturingClient:
    return CapturingClient("aiohttp")


# Calls that are interrupted while they wait for the server.


def in_the_handshake(secrets: Secrets, peer: Peer) -> None:
    peer.receive()


def before_the_response(secrets: Secrets, peer: Peer) -> None:
    peer.request()


def within_the_response(secrets: Secrets, peer: Peer) -> None:
    peer.request()
    head = "HTTP/1.1 200 TOKEN\r\nContent-Length: 9999\r\nX: TOKEN\r\n\r\n"
    peer.send(secrets.fill(f"{head}TOKEN LINK"))


POINTS: list[Behavior] = [in_the_handshake, before_the_response, within_the_response]


class StallingServer(FaultServer):
    """A server whose connections get to a point of the exchange and no further.

    Attributes:
        stalls: released for each connection that has got there.
    """

    def __init__(self, point: Behavior, secrets: Secrets) -> None:
        super().__init__(otherwise=self._stall)
        self.stalls = threading.Semaphore(0)
        self._point = point
        self._secrets = secrets

    @property
    def url(self) -> str:
        """The base URL that leads to the point."""
        is_tls = self._point is in_the_handshake
        return self.origin.replace("http:", "https:") if is_tls else self.origin

    def _stall(self, peer: Peer) -> None:
        self._point(self._secrets, peer)
        self.stalls.release()
        peer.stall()

    async def stalled(self) -> None:
        """Wait until a connection has stalled, and the client has read what was sent."""
        assert await asyncio.to_thread(self.stalls.acquire, timeout=5)
        await asyncio.sleep(0.01)


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
            timed_out(operation), *responses, plugins=[Retry(wait=wait_fixed(1))]
        )
        for operation in OPERATIONS.values()
    ]
    assert all(isinstance(error, TimeoutError) for error in errors)
    assert_hidden(secrets, async_client, errors)


# Callbacks.


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


# The ends of managers and loops.


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
    def call_in_new_loops(users: AsyncUsersManager) -> list[BaseException]:
        return [
            raised(lambda operation=operation: asyncio.run(operation(secrets)(users)))
            for operation in OPERATIONS.values()
        ]

    async def call_in_another_thread(users: AsyncUsersManager) -> list[BaseException]:
        async with users:
            return await asyncio.to_thread(call_in_new_loops, users)

    with async_client.capture():
        transport = AiohttpTransport(ssl_context=DEFAULT_TRUST)
        errors = asyncio.run(call_in_another_thread(AsyncUsersManager(TENANT, transport=transport)))
        users = AsyncUsersManager(TENANT, transport=FakeTransport())
        errors.append(raised(lambda: users.get_info(secrets.token, print)))
        errors.append(raised(lambda: users.impersonate("u", secrets.settings, print)))
    assert len(errors) == 4
    assert all(isinstance(error, LifecycleError) for error in errors), errors
    assert_hidden(secrets, async_client, errors)


def raised(call: Callable[[], object]) -> BaseException:
    """Return the error that a function raises."""
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("the function raised no error")


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


@pytest.mark.parametrize("way", ["sync", "thread", "async"])
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
    assert "UnauthorizedError: get_info failed with 401 Unauthorized: [redacted]" in output
    assert not [fragment for fragment in B64TOKEN.fragments() if fragment in output]


# The assertion itself.


class SlottedError(Exception):
    __slots__ = ("secret",)


def error_with_a_secret(place: str, secrets: Secrets) -> BaseException:
    error: BaseException = ValueError("harmless")
    if place == "argument":
        error = ValueError(secrets.token)
    elif place == "note":
        error.add_note(secrets.token)
    elif place == "attribute":
        vars(error)["secret"] = secrets.token
    elif place == "slot":
        error = SlottedError()
        error.secret = secrets.token
    elif place == "group":
        error = ExceptionGroup("all", [ValueError(secrets.token)])
    elif place == "cause":
        error.__cause__ = ValueError(secrets.token)
    elif place == "hidden context":
        error.__context__ = ValueError(secrets.token)
        error.__suppress_context__ = True
    elif place == "local variable":
        error = raised(lambda: fail_with(secrets.token))
    return error


def fail_with(secret: str) -> None:
    raise ValueError(f"a secret of {len(secret)} characters")


PLACES = [
    *("argument", "note", "attribute", "slot"),
    *("group", "cause", "hidden context", "local variable"),
]


@pytest.mark.parametrize("place", PLACES)
def test_the_assertion_finds_a_secret_in_every_place(place: str, secrets: Secrets) -> None:
    client = CapturingClient("urllib3")
    with pytest.raises(AssertionError, match="a secret shows in"):
        assert_hidden(secrets, client, [error_with_a_secret(place, secrets)])
    assert_hidden(secrets, client, [error_with_a_secret("nowhere", secrets)])


def test_the_assertion_finds_a_part_of_a_secret() -> None:
    client = CapturingClient("urllib3")
    client.objects.append(JWT.token[50:62])
    with pytest.raises(AssertionError, match="a secret shows in"):
        assert_hidden(JWT, client, [])


def test_secrets_show_nothing_themselves(secrets: Secrets) -> None:
    texts = "".join(exposure.text for exposure in introspection.of_object(secrets))
    assert not [fragment for fragment in secrets.fragments() if fragment in texts]
