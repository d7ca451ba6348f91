"""Whatever interrupts a call, or ends a manager or a process, shows no token and no link."""

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
from hypothesis import given
from tenacity import wait_fixed
from tests.redaction import walk
from tests.redaction.canaries import Canary, canaries
from tests.redaction.paths import Play, answer
from tests.redaction.proof import assert_hidden, examples
from tests.redaction.watching import BOTH, MODES, TRUST, Caller, watching
from tests.support import TENANT

from usersmanager import AsyncUsersManager, LifecycleError, Response, UsersManager
from usersmanager.testing import FakeTransport, FaultServer, Peer
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_retry import Retry

in_both_modes = pytest.mark.parametrize("mode", MODES)


@contextlib.contextmanager
def handled(number: signal.Signals, handler: Any) -> Iterator[None]:
    """Handles a signal so, whatever the process that runs the tests does with it."""
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals are for the main thread")
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


# A call that is given up in the middle.


def in_the_handshake(canary: Canary, peer: Peer) -> None:
    peer.receive()


def before_the_answer(canary: Canary, peer: Peer) -> None:
    peer.request()


def within_the_answer(canary: Canary, peer: Peer) -> None:
    peer.request()
    head = "HTTP/1.1 200 TOKEN\r\nContent-Length: 9999\r\nX: TOKEN\r\n\r\n"
    peer.send(canary.fill(f"{head}TOKEN LINK"))


PLACES: list[Play] = [in_the_handshake, before_the_answer, within_the_answer]


async def cancelled(call: Awaitable[Any]) -> Any:
    task = asyncio.ensure_future(call)
    await asyncio.sleep(0.03)
    task.cancel()
    return await task


async def timed_out(call: Awaitable[Any]) -> Any:
    async with asyncio.timeout(0.03):
        return await call


async def waited_for(call: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(call, 0.03)


async def interrupted(call: Awaitable[Any]) -> Any:
    asyncio.get_running_loop().call_later(0.03, signal.raise_signal, signal.SIGINT)
    return await call


def address_of(server: FaultServer, place: Play) -> str:
    """Where a place is reached: a handshake needs https."""
    is_tls = place is in_the_handshake
    return server.origin.replace("http:", "https:") if is_tls else server.origin


def stalling(place: Play, canary: Canary) -> list[Any]:
    """Scripts that come to a place and stay there."""
    return [lambda peer: (place(canary, peer), peer.stall())] * 8


GIVEN_UP = (asyncio.CancelledError, TimeoutError, KeyboardInterrupt)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("given_up", [cancelled, timed_out, waited_for, interrupted])
@examples(1)
@given(canary=canaries)
def test_a_task_that_is_given_up_shows_nothing(place: Play, given_up: Any, canary: Canary) -> None:
    caller = Caller("async")
    with (
        handled(signal.SIGINT, signal.default_int_handler),
        watching(caller),
        FaultServer(*stalling(place, canary)) as server,
    ):
        errors = [
            caller.refused(
                lambda users, ask=ask: given_up(ask(canary)(users)), address_of(server, place)
            )
            for ask in BOTH.values()
        ]
    assert all(isinstance(error, GIVEN_UP) for error in errors), errors
    assert_hidden(canary, caller, errors)


@pytest.mark.parametrize("place", PLACES)
@examples(1)
@given(canary=canaries)
def test_a_signal_that_ends_a_blocking_call_shows_nothing(place: Play, canary: Canary) -> None:
    def end(number: int, frame: object) -> None:
        raise SystemExit(number)

    def play(peer: Peer) -> None:
        place(canary, peer)
        peer.stall(0.03)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        peer.stall()

    caller = Caller("sync")
    with (
        handled(signal.SIGUSR1, end),
        watching(caller),
        FaultServer(*[play] * 8) as server,
    ):
        address = address_of(server, place)
        errors = [caller.refused(ask(canary), address) for ask in BOTH.values()]
    assert all(isinstance(error, SystemExit) for error in errors), errors
    assert_hidden(canary, caller, errors)


@examples(2)
@given(canary=canaries)
def test_a_task_that_is_given_up_between_two_attempts_shows_nothing(canary: Canary) -> None:
    caller = Caller("async")
    with watching(caller):
        errors = [
            caller.played(
                lambda users, ask=ask: timed_out(ask(canary)(users)),
                *[Response(429, {"X-Request-Id": canary.token}, canary.token.encode())] * 2,
                plugins=[Retry(wait=wait_fixed(1))],
            )
            for ask in BOTH.values()
        ]
    assert all(isinstance(error, TimeoutError) for error in errors)
    assert_hidden(canary, caller, errors)


# Callbacks.


class Heard:
    """A callback that keeps what it is told, and may fail itself."""

    def __init__(self, *, fails: bool = False) -> None:
        self.errors: list[BaseException] = []
        self._fails = fails

    def __call__(self, error: BaseException | None, result: object) -> None:
        del result
        if error is not None:
            self.errors.append(error)
        if self._fails:
            raise RuntimeError("the callback failed")


def with_callback(caller: Caller, canary: Canary, heard: Heard) -> Callable[[Any], Any]:
    """Both operations, one after the other, with a callback."""

    def call(users: Any) -> Any:
        for operation in (
            lambda: users.get_info(canary.token, heard),
            lambda: users.impersonate("u", canary.settings, heard),
        ):
            try:
                operation()
            except Exception as error:
                heard.errors.append(error)
        return None if caller.is_blocking else asyncio.sleep(0)

    return call


@in_both_modes
@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("status", [200, 401])
@examples(2)
@given(canary=canaries)
def test_a_callback_shows_nothing(status: int, fails: bool, mode: str, canary: Canary) -> None:
    json = {"Content-Type": "application/json"}
    body = '{"sub": "u", "token": "TOKEN", "link": "LINK", "error": "TOKEN"}'
    fake = FakeTransport(
        Response(status, json, canary.fill(body)), Response(status, {}, canary.fill("LINK"))
    )
    caller, heard = Caller(mode), Heard(fails=fails)
    with watching(caller):
        caller.call(with_callback(caller, canary, heard), transport=fake, discover=False)
    told = 2 if status == 401 else 0
    # A blocking call raises what its callback raises; asyncio's loop is told of it, and logs it.
    assert len(heard.errors) == told + (2 if fails and caller.is_blocking else 0)
    assert ("asyncio" in caller.loggers) >= (fails and not caller.is_blocking)
    assert_hidden(canary, caller, heard.errors)


@examples(2)
@given(canary=canaries)
def test_a_call_with_a_callback_that_is_cancelled_shows_nothing(canary: Canary) -> None:
    caller, heard = Caller("async"), Heard()
    ended: list[asyncio.Task[Any]] = []

    async def cancel_all(users: Any) -> None:
        with_callback(caller, canary, heard)(users).close()
        await asyncio.sleep(0.03)
        ended.extend(asyncio.all_tasks() - {asyncio.current_task()})
        for task in ended:
            task.cancel()
        await asyncio.wait(ended)

    with watching(caller), FaultServer(*stalling(before_the_answer, canary)) as server:
        caller.call(cancel_all, server.origin)
    caller.things += ended
    assert len(heard.errors) == 2
    assert all(isinstance(error, LifecycleError) for error in heard.errors)
    assert_hidden(canary, caller, heard.errors)


# The ends of managers and loops.


@in_both_modes
@examples(2)
@given(canary=canaries)
def test_a_closed_manager_or_transport_shows_nothing(mode: str, canary: Canary) -> None:
    async def use_after_close(users: Any, ask: Any) -> None:
        await users.aclose()
        await ask(canary)(users)

    def use_closed(users: Any, ask: Any) -> Any:
        if not Caller(mode).is_blocking:
            return use_after_close(users, ask)
        users.close()
        return ask(canary)(users)

    caller = Caller(mode)
    closed = caller.transport()
    caller.call(lambda users: None if caller.is_blocking else asyncio.sleep(0), transport=closed)
    with watching(caller):
        errors = [
            *(
                caller.played(lambda users, ask=ask: use_closed(users, ask))
                for ask in BOTH.values()
            ),
            *(caller.refused(ask(canary), transport=closed) for ask in BOTH.values()),
        ]
    assert all(isinstance(error, LifecycleError) for error in errors), errors
    assert_hidden(canary, caller, errors)


@examples(2)
@given(canary=canaries)
def test_a_manager_outside_its_event_loop_shows_nothing(canary: Canary) -> None:
    def in_another_loop(users: AsyncUsersManager) -> list[BaseException]:
        return [_error(lambda ask=ask: asyncio.run(ask(canary)(users))) for ask in BOTH.values()]

    async def in_its_own(users: AsyncUsersManager) -> list[BaseException]:
        async with users:
            return await asyncio.to_thread(in_another_loop, users)

    caller = Caller("async")
    with watching(caller):
        carrier = AiohttpTransport(ssl_context=TRUST)
        errors = asyncio.run(in_its_own(AsyncUsersManager(TENANT, transport=carrier)))
        users = AsyncUsersManager(TENANT, transport=FakeTransport())
        errors.append(_error(lambda: users.get_info(canary.token, print)))
        errors.append(_error(lambda: users.impersonate("u", canary.settings, print)))
    assert len(errors) == 4
    assert all(isinstance(error, LifecycleError) for error in errors), errors
    assert_hidden(canary, caller, errors)


def _error(call: Callable[[], object]) -> BaseException:
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


@examples(2)
@given(canary=canaries)
def test_what_is_dropped_unfinished_shows_nothing(canary: Canary) -> None:
    async def drop(users: Any) -> None:
        users.get_info(canary.token)
        users.impersonate("u", canary.settings)
        failed = [asyncio.ensure_future(ask(canary)(users)) for ask in BOTH.values()]
        await asyncio.wait(failed)
        del failed
        gc.collect()

    caller = Caller("async", debug=True)
    dropped: list[Any] = [None]
    with watching(caller):
        caller.call(drop, transport=FakeTransport(*[Response(401)] * 2), discover=False)
        dropped[0] = UsersManager(TENANT, transport=FakeTransport())
        dropped[0] = None
        gc.collect()
    warned = [one for one in caller.things if isinstance(one, Warning)]
    assert len([one for one in warned if "never awaited" in str(one)]) == 2
    assert len([one for one in warned if "unclosed" in str(one)]) == 1
    assert "asyncio" in caller.loggers
    assert_hidden(canary, caller, [])


# A process that nobody watches over.

UNCAUGHT = """
import asyncio, logging, os, sys, threading
from usersmanager import AsyncUsersManager, UsersManager, UsersManagerError

logging.basicConfig(level=logging.DEBUG)
address, way = sys.argv[1:]
settings = {"impersonator_id": "a", "protocol": "oauth2", "token": os.environ["CANARY"]}

def both(users):
    try:
        users.impersonate("u", settings)
    except UsersManagerError:
        logging.exception("it failed")
    users.get_info(os.environ["CANARY"])

def blocking():
    with UsersManager(address) as users:
        both(users)

def fail(error, result):
    raise error or RuntimeError("no error")

async def asynchronous():
    async with AsyncUsersManager(address) as users:
        users.get_info(os.environ["CANARY"], fail)
        lost = asyncio.ensure_future(users.impersonate("u", settings))
        await asyncio.wait([lost])
        del lost
        await users.get_info(os.environ["CANARY"])

if way == "thread":
    thread = threading.Thread(target=blocking)
    thread.start()
    thread.join()
    raise SystemExit(1)
blocking() if way == "sync" else asyncio.run(asynchronous())
"""


@pytest.mark.parametrize("way", ["sync", "thread", "async"])
def test_a_process_that_dies_of_an_error_in_development_mode_shows_nothing(way: str) -> None:
    canary = Canary("eyJhbGciOiJub25lIn0.Zx9-QwErTy.UiOp_AsDf~GhJk+L/==", TENANT)
    play = answer(
        "401 TOKEN", 'Content-Type: application/json\nX-Echo: TOKEN\n\n{"error": "TOKEN"}'
    )
    with FaultServer(*[lambda peer: play(canary, peer)] * 8) as server:
        ended = subprocess.run(
            [sys.executable, "-X", "dev", "-c", UNCAUGHT, server.origin, way],
            capture_output=True,
            text=True,
            env={"CANARY": canary.token},
        )
    said = ended.stdout + ended.stderr
    assert ended.returncode == 1, said
    assert said.count("Traceback (most recent call last)") >= 2, said
    assert "UnauthorizedError: get_info failed with 401 Unauthorized: [redacted]" in said
    assert not [part for part in canary.fragments() if part in said]


# The proof itself.


class SlottedError(Exception):
    __slots__ = ("secret",)


def _planted(where: str, canary: Canary) -> BaseException:
    error: BaseException = ValueError("harmless")
    if where == "argument":
        error = ValueError(canary.token)
    elif where == "note":
        error.add_note(canary.token)
    elif where == "field":
        error.secret = canary.token  # type: ignore[attr-defined] # What this is about.
    elif where == "slot":
        error = SlottedError()
        error.secret = canary.token
    elif where == "group":
        error = ExceptionGroup("all", [ValueError(canary.token)])
    elif where == "cause":
        error.__cause__ = ValueError(canary.token)
    elif where == "hidden context":
        error.__context__ = ValueError(canary.token)
        error.__suppress_context__ = True
    elif where == "local":
        error = _error(lambda: _fail_with(canary.token))
    return error


def _fail_with(secret: str) -> None:
    raise ValueError(f"a secret of {len(secret)} characters")


@pytest.mark.parametrize(
    "where", ["argument", "note", "field", "slot", "group", "cause", "hidden context", "local"]
)
def test_a_secret_is_found_wherever_it_is(where: str) -> None:
    canary = Canary("a-token-to-be-found", "https://tenant.example/x/a-ticket-to-be-found")
    caller = Caller("sync")
    with pytest.raises(AssertionError, match="the secret shows in"):
        assert_hidden(canary, caller, [_planted(where, canary)])
    assert_hidden(canary, caller, [_planted("nowhere", canary)])
    assert list(walk.of_object(canary))
