"""Every error of a call names the operation and the origin, and survives being pickled."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from tests.flow.support import Hooks
from tests.support import TENANT

from usersmanager import (
    AsyncUsersManager,
    ConnectError,
    DeadlineExceededError,
    DisconnectedError,
    LifecycleError,
    ProviderUnavailableError,
    Request,
    Response,
    TLSError,
    UsersManager,
    UsersManagerError,
)
from usersmanager.plugins import Proceed
from usersmanager.testing import FakeTransport

Fetch = Callable[..., Any]


def set_invalid_header(request: Request, proceed: Proceed) -> Any:
    return proceed(request.with_headers({"Host": "elsewhere"}))


def break_the_circuit(request: Request, proceed: Proceed) -> Any:
    raise ProviderUnavailableError("the circuit is open", retry_after=30)


JSON = {"Content-Type": "application/json"}

# How to make a call fail: the script of the fake transport, and arguments of `get_info`.
FAILURES: dict[str, tuple[Any, dict[str, Any]]] = {
    "invalid token": (None, {"token": "a b"}),
    "missing token": (None, {"token": None}),
    "invalid timeout": (None, {"timeout": -1}),
    "connect error": (ConnectError("refused", reason="refused"), {}),
    "tls error": (TLSError("expired", reason="certificate_expired", sent=False), {}),
    "disconnected": (DisconnectedError("gone", reason="reset"), {}),
    "redirect": (Response(302), {}),
    "unauthorized": (Response(401, {"WWW-Authenticate": 'Bearer error="e"'}), {}),
    "rate limited": (Response(429, {"Retry-After": "7", "X-RateLimit-Limit": "9"}), {}),
    "server error": (Response(503, {"X-Request-Id": "r"}), {}),
    "proxy": (Response(407), {}),
    "interim": (Response(100), {}),
    "not a profile": (Response(200, JSON, b"{}"), {}),
    "not a response": (lambda request: None, {}),
    "plugin": (None, {"plugins": [Hooks(wrap_call=set_invalid_header)]}),
    "circuit breaker": (None, {"plugins": [Hooks(wrap_call=break_the_circuit)]}),
    "expired deadline": (None, {"timeout": 1e-9}),
}


@pytest.fixture
def error(request: pytest.FixtureRequest, fetch: Fetch, fake: FakeTransport) -> UsersManagerError:
    """The error of a call that fails in one of these ways."""
    item, arguments = FAILURES[request.param]
    if item is not None:
        fake.add(item)
    with pytest.raises(UsersManagerError) as caught:
        fetch(**arguments)
    return caught.value


@pytest.mark.parametrize("error", FAILURES, indirect=True)
def test_an_error_of_a_call_has_the_operation_and_the_origin(error: UsersManagerError) -> None:
    assert (error.operation, error.origin) == ("get_info", TENANT)


@pytest.mark.parametrize("error", FAILURES, indirect=True)
def test_an_error_of_a_call_survives_pickle_and_copy(error: UsersManagerError) -> None:
    for duplicate in (
        *(pickle.loads(pickle.dumps(error, protocol)) for protocol in range(6)),
        copy.copy(error),
        copy.deepcopy(error),
    ):
        assert type(duplicate) is type(error)
        assert (str(duplicate), duplicate.args) == (str(error), error.args)
        assert vars(duplicate) == vars(error)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("connect error", "failed: refused"),
        ("server error", "failed with 503 Service Unavailable"),
        ("rate limited", "failed with 429 Too Many Requests"),
        ("proxy", "failed: the proxy answered 407"),
        ("circuit breaker", "failed: the circuit is open"),
        (
            "not a profile",
            "failed: the profile is an empty object: is this an OpenID UserInfo endpoint, and does"
            ' the token have the scope "openid"?',
        ),
    ],
    indirect=["error"],
)
def test_the_message_names_the_operation_and_the_origin(
    error: UsersManagerError, message: str
) -> None:
    assert str(error) == f"get_info at {TENANT} {message}"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("missing token", "An access token is required"),
        (
            "invalid token",
            "Invalid access token: it contains characters not allowed in a bearer token"
            ": it must be visible ASCII without comma and double quote",
        ),
    ],
    indirect=["error"],
)
def test_the_message_of_an_argument_error_is_that_of_the_reference_implementation(
    error: UsersManagerError, message: str
) -> None:
    assert str(error) == message


def test_an_error_of_another_manager_keeps_what_it_names(fake: FakeTransport) -> None:
    def call_another_manager(request: Request, proceed: Proceed) -> Any:
        another = FakeTransport().status(500)
        with UsersManager("https://another.example", transport=another, discover=False) as users:
            users.impersonate("u", {"impersonator_id": "i", "protocol": "p", "token": "t"})

    plugin = Hooks(wrap_call=call_another_manager)
    with (
        UsersManager(TENANT, transport=fake, plugins=[plugin]) as users,
        pytest.raises(UsersManagerError) as caught,
    ):
        users.get_info("a-token")
    assert (caught.value.operation, caught.value.origin) == (
        "impersonate",
        "https://another.example",
    )


def test_an_error_of_a_closed_manager_has_the_operation_and_the_origin(
    fake: FakeTransport, impersonation: Any
) -> None:
    users = UsersManager(TENANT, transport=fake)
    users.close()
    with pytest.raises(LifecycleError) as caught:
        users.impersonate("u", impersonation())
    assert (caught.value.operation, caught.value.origin) == ("impersonate", TENANT)


def test_an_error_of_a_call_without_a_loop_has_the_operation_and_the_origin(
    fake: FakeTransport,
) -> None:
    users = AsyncUsersManager(TENANT, transport=fake)
    with pytest.raises(LifecycleError) as caught:
        users.get_info("a-token", print)
    assert (caught.value.operation, caught.value.origin) == ("get_info", TENANT)


def test_a_call_awaited_after_the_close_has_the_operation_and_the_origin(
    fake: FakeTransport,
) -> None:
    async def main() -> None:
        users = AsyncUsersManager(TENANT, transport=fake)
        call = users.get_info("a-token")
        await users.aclose()
        await call

    with pytest.raises(LifecycleError) as caught:
        asyncio.run(main())
    assert (caught.value.operation, caught.value.origin) == ("get_info", TENANT)


def test_an_error_that_no_call_raised_names_neither() -> None:
    error = DeadlineExceededError("too late")
    assert (str(error), error.operation, error.origin) == ("too late", None, None)
