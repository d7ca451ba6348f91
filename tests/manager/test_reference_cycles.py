"""No failed call leaves a reference cycle: what its error holds is freed without a collection."""

from __future__ import annotations

import contextlib
import gc
import logging
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from tests.conftest import impersonation
from tests.flow.support import Hooks
from tests.support import TENANT

from usersmanager import (
    ArgumentError,
    DecodeError,
    DisconnectedError,
    RedirectError,
    Response,
    ServerError,
    SubjectMismatchError,
    TransportError,
    UsersManager,
)
from usersmanager.testing import FakeTransport
from usersmanager_retry import Retry

JSON = {"Content-Type": "application/json"}
EMPTY = Response(200, JSON, b"{}")
PROFILE = Response(200, JSON, b'{"sub": "ada"}')


def get_info(users: UsersManager) -> object:
    return users.get_info("t", expected_subject="bob")


def impersonate(users: UsersManager) -> object:
    return users.impersonate("auth0|ada", impersonation())


def impersonate_with_an_invalid_setting(users: UsersManager) -> object:
    return users.impersonate("auth0|ada", impersonation(unknown=7))


def fail() -> None:
    raise ValueError


def disconnected() -> TransportError:
    return DisconnectedError("gone")


class Failure(NamedTuple):
    """A call that fails, and its error."""

    error: type[Exception]
    answer: Callable[[], Response | TransportError]
    call: Callable[[UsersManager], object] = get_info
    plugins: Callable[[], list[Any]] = list


FAILURES = {
    "transport": Failure(DisconnectedError, disconnected),
    "status": Failure(ServerError, lambda: Response(500)),
    "redirect": Failure(RedirectError, lambda: Response(302)),
    "profile": Failure(DecodeError, lambda: Response(200, JSON, b'{"sub": 1}')),
    "empty profile": Failure(DecodeError, lambda: EMPTY),
    "subject": Failure(SubjectMismatchError, lambda: PROFILE),
    "link": Failure(DecodeError, lambda: EMPTY, impersonate),
    "argument": Failure(ArgumentError, lambda: EMPTY, impersonate_with_an_invalid_setting),
    "plugin": Failure(
        ValueError, lambda: PROFILE, plugins=lambda: [Hooks(done=lambda request: fail())]
    ),
    "closing": Failure(ValueError, lambda: PROFILE, plugins=lambda: [Hooks(close=fail)]),
    "logging": Failure(DisconnectedError, disconnected, plugins=lambda: ["logging"]),
    "retry": Failure(DisconnectedError, disconnected, plugins=lambda: [Retry(1)]),
    "cache": Failure(DisconnectedError, disconnected, plugins=lambda: ["cache"]),
    "opentelemetry": Failure(DisconnectedError, disconnected, plugins=lambda: ["opentelemetry"]),
}


@pytest.mark.parametrize("name", FAILURES)
def test_the_error_of_a_failed_call_is_freed_at_once(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "usersmanager")
    failure = FAILURES[name]
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        with contextlib.suppress(failure.error):
            with UsersManager(
                TENANT,
                transport=FakeTransport(failure.answer()),
                plugins=failure.plugins(),
                discover=False,
            ) as users:
                failure.call(users)
            pytest.fail("the call did not fail")
        gc.collect()
        assert [value for value in gc.garbage if isinstance(value, BaseException)] == []
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
