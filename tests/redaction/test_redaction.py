"""Whatever a server does or says, no error, log record or repr shows a token or a link."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from unittest import mock

import pytest
import trustme
from hypothesis import given
from tests.redaction.canaries import Canary, canaries
from tests.redaction.paths import ANSWERS, ECHOES, FAULTS, LINKS, answer, ask_all, plain, run_fault
from tests.redaction.proof import assert_hidden, examples
from tests.redaction.watching import BOTH, MODES, Caller, watching

from usersmanager import (
    ConnectError,
    DeadlineExceededError,
    DecodeError,
    PoolTimeoutError,
    SubjectMismatchError,
    TLSError,
    UnauthorizedError,
    UserInfo,
)
from usersmanager.plugins import hookimpl
from usersmanager.testing import FaultServer, Sandbox

STATUSES = [300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 408, 409, 425, 429, 500, 503]
QUICK = [name for name, fault in FAULTS.items() if not fault.is_slow]
SLOW = [name for name, fault in FAULTS.items() if fault.is_slow]

in_both_modes = pytest.mark.parametrize("mode", MODES)


@in_both_modes
@pytest.mark.parametrize("name", QUICK)
@examples(4)
@given(canary=canaries)
def test_a_fault_shows_nothing(name: str, mode: str, canary: Canary) -> None:
    caller = Caller(mode)
    with watching(caller):
        errors = run_fault(canary, caller, FAULTS[name])
    assert all(isinstance(error, FAULTS[name].kinds) for error in errors), errors
    assert_hidden(canary, caller, errors)


@in_both_modes
@pytest.mark.parametrize("name", SLOW)
@examples(2)
@given(canary=canaries)
def test_a_fault_that_takes_time_shows_nothing(name: str, mode: str, canary: Canary) -> None:
    caller = Caller(mode)
    with watching(caller):
        errors = run_fault(canary, caller, FAULTS[name])
    assert all(isinstance(error, FAULTS[name].kinds) for error in errors), errors
    assert_hidden(canary, caller, errors)


@pytest.mark.parametrize("name", QUICK)
@examples(1)
@given(canary=canaries)
def test_an_event_loop_in_debug_mode_that_reports_every_step_shows_nothing(
    name: str, canary: Canary
) -> None:
    caller = Caller("async", debug=True)
    with watching(caller):
        errors = run_fault(canary, caller, FAULTS[name])
    assert "asyncio" in caller.loggers
    assert_hidden(canary, caller, errors)


@in_both_modes
@pytest.mark.parametrize("status", STATUSES)
@examples(2)
@given(canary=canaries)
def test_an_error_status_whose_server_echoes_the_token_shows_nothing(
    status: int, mode: str, canary: Canary
) -> None:
    caller = Caller(mode)
    # A call that is retried takes two echoes. Their number is odd: all come last once.
    play = answer(f"{status} TOKEN", *ECHOES.values())
    asked = ["get_info"] * len(ECHOES) + ["impersonate"] * len(ECHOES)
    with watching(caller):
        errors = ask_all(canary, caller, play, *asked)
    assert [getattr(error, "status", None) for error in errors] == [status] * len(asked)
    assert_hidden(canary, caller, errors)


def test_an_echoed_token_is_there_to_be_redacted() -> None:
    # Or the tests above would prove nothing.
    canary = Canary("a-token-that-is-echoed", "https://tenant.example/x/a-ticket")
    caller = Caller("sync")
    (error, _) = ask_all(canary, caller, answer("401 x", ECHOES["in an escaped challenge"]))
    assert isinstance(error, UnauthorizedError)
    assert error.error == "[redacted]"
    assert error.error_description == "[redacted] [redacted]"
    assert error.request_id == "[redacted]"


@in_both_modes
@examples(6)
@given(canary=canaries, fresh=canaries)
def test_the_token_that_a_plugin_put_in_place_of_the_callers_shows_nowhere_either(
    mode: str, canary: Canary, fresh: Canary
) -> None:
    class Refresh:
        @hookimpl
        def usersmanager_wrap_call(self) -> Any:
            return lambda request, proceed: proceed(request.with_token(fresh.token))

    caller = Caller(mode)
    play = answer("401 TOKEN", *ECHOES.values())
    asked = [ask(canary) for ask in BOTH.values()] * len(ECHOES)
    with watching(caller), FaultServer(*[partial(play, fresh)] * 30) as server:
        errors = caller.refused_all(asked, server.origin, plugins=[Refresh()])
    assert_hidden(canary, caller, errors)
    assert_hidden(fresh, caller, errors)


@in_both_modes
@pytest.mark.parametrize("name", ANSWERS)
@examples(3)
@given(canary=canaries)
def test_an_answer_that_is_no_profile_shows_nothing(name: str, mode: str, canary: Canary) -> None:
    caller = Caller(mode)
    with watching(caller):
        (error,) = ask_all(canary, caller, answer("200 TOKEN", ANSWERS[name]), "get_info")
    assert isinstance(error, DecodeError)
    assert_hidden(canary, caller, [error])


@in_both_modes
@pytest.mark.parametrize("name", LINKS)
@examples(3)
@given(canary=canaries)
def test_an_answer_that_is_no_link_shows_nothing(name: str, mode: str, canary: Canary) -> None:
    caller = Caller(mode)
    with watching(caller):
        (error,) = ask_all(canary, caller, answer("200 TOKEN", LINKS[name]), "impersonate")
    assert isinstance(error, DecodeError)
    assert_hidden(canary, caller, [error])


@in_both_modes
@examples(5)
@given(canary=canaries)
def test_the_profile_of_somebody_else_shows_nothing(mode: str, canary: Canary) -> None:
    profile = 'Content-Type: application/json\n\n{"sub": "mallory", "token": "TOKEN", "l": "LINK"}'
    play = answer("200 OK", profile)
    caller = Caller(mode)
    with watching(caller), FaultServer(lambda peer: play(canary, peer)) as server:
        error = caller.refused(
            lambda users: users.get_info(canary.token, expected_subject="ada"), server.origin
        )
    assert isinstance(error, SubjectMismatchError)
    assert_hidden(canary, caller, [error])


@in_both_modes
@examples(3)
@given(canary=canaries)
def test_a_success_shows_nothing(mode: str, canary: Canary) -> None:
    template = 'Set-Cookie: TOKEN\nContent-Type: application/json\n\n{"sub": "u", "token": "TOKEN"}'
    caller = Caller(mode)
    with watching(caller):
        play = answer("200 TOKEN", template)
        with FaultServer(lambda peer: play(canary, peer)) as server:
            profile = caller.call(BOTH["get_info"](canary), server.origin)
        play = answer("200 TOKEN", "Content-Type: text/plain\n\nLINK")
        with FaultServer(lambda peer: play(canary, peer)) as server:
            assert caller.call(BOTH["impersonate"](canary), server.origin) == canary.link
    assert isinstance(profile, UserInfo)
    caller.things.append(profile)
    assert "usersmanager" in caller.loggers
    assert_hidden(canary, caller, [])


@in_both_modes
@examples(3)
@given(canary=canaries)
def test_tracing_the_hooks_shows_nothing(mode: str, canary: Canary) -> None:
    caller = Caller(mode)
    with watching(caller), FaultServer(*[lambda peer: plain("")(canary, peer)] * 8) as server:
        error = caller.refused(BOTH["get_info"](canary), server.origin, transport=None)
    assert any("transport" in line for line in caller.traced)
    assert_hidden(canary, caller, [error])


@in_both_modes
@examples(3)
@given(canary=canaries)
def test_a_refused_connection_shows_nothing(mode: str, canary: Canary) -> None:
    with FaultServer() as server:
        pass
    caller = Caller(mode)
    with watching(caller):
        errors = [caller.refused(ask(canary), server.origin) for ask in BOTH.values()]
    assert all(isinstance(error, ConnectError) for error in errors)
    assert_hidden(canary, caller, errors)


@in_both_modes
@examples(3)
@given(canary=canaries)
def test_a_host_that_does_not_exist_shows_nothing(mode: str, canary: Canary) -> None:
    caller = Caller(mode)
    unknown = mock.patch("socket.getaddrinfo", side_effect=socket.gaierror(-2, "unknown"))
    with watching(caller), unknown:
        errors = [caller.refused(ask(canary), "https://no.example") for ask in BOTH.values()]
    assert all(isinstance(error, ConnectError) for error in errors)
    assert_hidden(canary, caller, errors)


@pytest.fixture(scope="module")
def untrusted() -> Any:
    """The server side of TLS whose authority nobody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    return context


@in_both_modes
@examples(3)
@given(canary=canaries)
def test_a_certificate_that_is_not_trusted_shows_nothing(
    untrusted: Any, mode: str, canary: Canary
) -> None:
    caller = Caller(mode)
    with watching(caller), FaultServer(ssl_context=untrusted, host="localhost") as server:
        errors = [caller.refused(ask(canary), server.origin) for ask in BOTH.values()]
    assert all(isinstance(error, TLSError) for error in errors)
    assert_hidden(canary, caller, errors)


@in_both_modes
@examples(3)
@given(canary=canaries)
def test_a_deadline_that_has_passed_before_sending_shows_nothing(mode: str, canary: Canary) -> None:
    caller = Caller(mode)
    with watching(caller), FaultServer() as server:
        errors = [caller.refused(ask(canary), server.origin, timeout=1e-9) for ask in BOTH.values()]
    assert all(isinstance(error, DeadlineExceededError) for error in errors)
    assert_hidden(canary, caller, errors)


@in_both_modes
@examples(2)
@given(canary=canaries)
def test_a_pool_that_stays_full_shows_nothing(mode: str, canary: Canary) -> None:
    caller = Caller(mode)

    def twice(users: Any) -> Any:
        if caller.is_blocking:
            with ThreadPoolExecutor(2) as threads:
                return list(threads.map(partial(_outcome, users, canary), TIMEOUTS))
        return _gathered(users, canary)

    with (
        watching(caller),
        FaultServer(*[lambda peer: (peer.request(), peer.stall())] * 4) as server,
    ):
        errors = caller.call(twice, server.origin, carrier={"pool_size": 1})
    assert any(isinstance(error, PoolTimeoutError) for error in errors), errors
    assert_hidden(canary, caller, errors)


# The first takes the only place, and is still there when the second gives up.
TIMEOUTS = [0.4, 0.1]


def _outcome(users: Any, canary: Canary, timeout: float) -> object:
    time.sleep(0 if timeout == max(TIMEOUTS) else 0.03)
    try:
        return users.get_info(canary.token, timeout=timeout)
    except Exception as error:
        return error


async def _gathered(users: Any, canary: Canary) -> object:
    calls = [users.get_info(canary.token, timeout=timeout) for timeout in TIMEOUTS]
    return await asyncio.gather(*calls, return_exceptions=True)


@in_both_modes
def test_what_a_sandbox_refuses_shows_nothing(mode: str) -> None:
    caller = Caller(mode)
    with watching(caller), Sandbox() as sandbox:
        canary = Canary(sandbox.add_user("u").issue_token("u", scope="email"), "")
        expired = Canary(sandbox.issue_token("u", expires_in=0), "")
        errors = [
            caller.refused(BOTH["get_info"](one), sandbox.base_url) for one in (canary, expired)
        ]
        errors.append(caller.refused(BOTH["impersonate"](canary), sandbox.base_url))
    for one in (canary, expired):
        assert_hidden(one, caller, errors)
