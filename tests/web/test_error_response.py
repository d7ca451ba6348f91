"""What an API answers after an error."""

from __future__ import annotations

import asyncio
import gc
import re
import weakref
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import TENANT

from usersmanager import (
    APIError,
    ArgumentError,
    BodyTooLargeError,
    ConnectError,
    DeadlineExceededError,
    DecodeError,
    DisconnectedError,
    ForbiddenError,
    InvalidTokenError,
    LifecycleError,
    MissingTokenError,
    NotFoundError,
    PluginError,
    PoolTimeoutError,
    ProtocolError,
    ProviderUnavailableError,
    RateLimitedError,
    RedirectError,
    ServerError,
    SubjectMismatchError,
    TLSError,
    TransportError,
    UnauthorizedError,
    UsersManager,
    UsersManagerError,
)
from usersmanager.testing import FakeTransport
from usersmanager.web import ErrorResponse, error_response

MISSING = 'Bearer realm="api"'
INVALID = 'Bearer realm="api", error="invalid_token"'
INSUFFICIENT = 'Bearer realm="api", error="insufficient_scope"'
OTHER_OPERATIONS = ["impersonate", "discover", "exchange_token"]


def api_error(error_type: type[APIError], **changes: Any) -> APIError:
    """Return an error of `get_info`, with texts of the provider."""
    texts = {"error": "server-text", "error_description": "server-text", "request_id": "server-id"}
    return error_type("server-text", **{"operation": "get_info", **texts, **changes})


REFUSALS = [
    (MissingTokenError("x"), 401, MISSING),
    (InvalidTokenError("x"), 401, INVALID),
    (InvalidTokenError("x", operation="get_info"), 401, INVALID),
    (SubjectMismatchError("x", operation="get_info"), 401, INVALID),
    (api_error(UnauthorizedError, status=401), 401, INVALID),
    (api_error(UnauthorizedError, status=401, operation=None), 401, INVALID),
    (api_error(UnauthorizedError, status=401, error="insufficient_scope"), 401, INVALID),
    (api_error(APIError, status=400, error="invalid_token"), 401, INVALID),
    (api_error(ForbiddenError, status=403), 403, MISSING),
    (api_error(ForbiddenError, status=403, error=None), 403, MISSING),
    (api_error(ForbiddenError, status=403, error="invalid_token"), 403, MISSING),
    (api_error(ForbiddenError, status=403, error="insufficient_scope"), 403, INSUFFICIENT),
]
UNAVAILABLE = [
    ProviderUnavailableError("x", retry_after=7),
    RateLimitedError("x", status=429, error="invalid_token", retry_after=7),
    ServerError("x", status=503, error="invalid_token", retry_after=7),
    *(
        error_type("x", retry_after=7)
        for error_type in (
            *(TransportError, ConnectError, TLSError, PoolTimeoutError, DeadlineExceededError),
            *(DisconnectedError, ProtocolError, BodyTooLargeError),
        )
    ),
    *(ServerError("x", operation=operation, retry_after=7) for operation in OTHER_OPERATIONS),
]
BAD_GATEWAY = [
    api_error(APIError, status=400),
    api_error(APIError, status=418, error="invalid_token"),
    api_error(NotFoundError, status=404),
    api_error(RedirectError, status=302),
    DecodeError("server-text", operation="get_info"),
    *(
        api_error(error_type, status=status, error=code, operation=operation)
        for operation in OTHER_OPERATIONS
        for error_type, status, code in [
            (UnauthorizedError, 401, "invalid_token"),
            (ForbiddenError, 403, "insufficient_scope"),
            (APIError, 400, "invalid_token"),
        ]
    ),
]
MISTAKES = [
    ArgumentError("x"),
    LifecycleError("x"),
    PluginError("x"),
    UsersManagerError("x"),
    ValueError("x"),
    asyncio.CancelledError("x"),
    KeyboardInterrupt("x"),
]


def describe(error: Any) -> str:
    if not isinstance(error, BaseException):
        return ""
    details = (getattr(error, name, None) for name in ("operation", "status", "error"))
    return "-".join([type(error).__name__, *(str(detail) for detail in details if detail)])


@pytest.mark.parametrize(("error", "status", "challenge"), REFUSALS, ids=describe)
def test_a_request_whose_token_is_refused_is_challenged(
    error: Exception, status: int, challenge: str
) -> None:
    response = error_response(error)
    assert (response.status, response.headers) == (status, {"WWW-Authenticate": challenge})


@pytest.mark.parametrize("error", UNAVAILABLE, ids=describe)
def test_an_outage_is_a_503_that_logs_nobody_out(error: Exception) -> None:
    response = error_response(error, scope="openid")
    assert (response.status, response.headers) == (503, {"Retry-After": "7"})


@pytest.mark.parametrize("error", BAD_GATEWAY, ids=describe)
def test_any_other_response_of_the_provider_is_a_502(error: Exception) -> None:
    response = error_response(error, scope="openid")
    assert (response.status, response.headers) == (502, {})


def test_every_error_is_in_a_table_above() -> None:
    tables = [*(error for error, _, _ in REFUSALS), *UNAVAILABLE, *BAD_GATEWAY, *MISTAKES]
    pending, errors = [UsersManagerError], set[type]()
    while pending:
        error_type = pending.pop()
        pending += error_type.__subclasses__()
        if error_type.__module__ == "usersmanager.errors" and error_type.__name__[0] != "_":
            errors.add(error_type)
    assert errors - {type(error) for error in tables} == set()


@pytest.mark.parametrize(
    ("seconds", "header"),
    [
        *((None, "5"), (0, "0"), (0.0, "0"), (0.001, "1"), (1, "1"), (1.0, "1"), (29.1, "30")),
        *((999_999_998.5, "999999999"), (1e300, "999999999"), (float("inf"), "999999999")),
    ],
)
@pytest.mark.parametrize("error_type", [ProviderUnavailableError, ServerError])
def test_the_seconds_to_wait_are_rounded_up_and_5_if_unknown(
    error_type: Any, seconds: float | None, header: str
) -> None:
    assert error_response(error_type("x", retry_after=seconds)).headers == {"Retry-After": header}


@pytest.mark.parametrize(
    "error", [*(error for error, _, _ in REFUSALS), *UNAVAILABLE, *BAD_GATEWAY], ids=describe
)
def test_nothing_of_the_provider_is_shown(error: Exception) -> None:
    response = error_response(error)
    assert isinstance(response, ErrorResponse)
    assert tuple(response) == (response.status, response.detail, response.headers)
    assert "server" not in repr(response)
    assert re.fullmatch(r"[A-Z][A-Za-z ]+", response.detail)


@pytest.mark.parametrize("error", MISTAKES, ids=describe)
def test_a_mistake_of_the_program_is_raised_again(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught:
        error_response(error)
    assert caught.value is error
    assert error.__cause__ is error.__context__ is None


def test_an_error_that_is_raised_again_is_freed_at_once() -> None:
    class MistakeError(Exception):
        """An exception that can be weakly referenced."""

    def raise_again() -> weakref.ref[MistakeError]:
        try:
            error_response(MistakeError())
        except MistakeError as error:
            return weakref.ref(error)
        raise AssertionError

    gc.disable()
    try:
        assert raise_again()() is None
    finally:
        gc.enable()


def test_parameters_are_part_of_every_challenge_before_the_error_code() -> None:
    parameters = {"scope": "openid email", "resource_metadata": "https://api.example/meta"}
    given = 'Bearer realm="a b", scope="openid email", resource_metadata="https://api.example/meta"'
    for error, _, challenge in REFUSALS:
        code = challenge.removeprefix(MISSING)
        headers = error_response(error, realm="a b", **parameters).headers
        assert headers == {"WWW-Authenticate": given + code}


@pytest.mark.parametrize(
    "parameters",
    [
        *({"realm": value} for value in ("", "a\r\nSet-Cookie: b", "a\tb", "a\x7f", "ü", b"a", 1)),
        *({"scope": value} for value in ("", 'a"', "a\\", "a\n", None, ["a"])),
        *({name: "a"} for name in ("", "a b", "a=", "a,b", "ü", 'a"', "a\n")),
        *({name: "a"} for name in ("error_description", "error_uri", "Error", "REALM")),
        {"scope": "a", "Scope": "b"},
    ],
    ids=repr,
)
def test_what_a_challenge_cannot_contain_is_refused_after_any_error(parameters: Any) -> None:
    errors = [MissingTokenError("x"), ServerError("x"), DecodeError("x")]
    assert [error for error in errors if is_accepted(error, parameters)] == []


def is_accepted(error: Exception, parameters: Any) -> bool:
    try:
        error_response(error, **parameters)
    except ArgumentError:
        return False
    return True


PARAMETER = re.compile(r'(?:^Bearer|,) ([!#$%&\'*+\-.^_`|~\w]+)="((?:[^"\\]|\\["\\])*)"', re.ASCII)
names = st.from_regex(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,4}", fullmatch=True)  # None is reserved.
values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=8)
pairs = st.lists(st.tuples(names, values), unique_by=lambda pair: pair[0].lower(), max_size=3)


@given(realm=values, parameters=pairs.map(dict))
def test_any_printable_parameters_are_quoted_so_that_a_parser_reads_them(
    realm: str, parameters: dict[str, str]
) -> None:
    headers = error_response(MissingTokenError("x"), realm=realm, **parameters).headers
    challenge = headers["WWW-Authenticate"]
    assert challenge.isascii()
    assert challenge.isprintable()
    assert PARAMETER.sub("", challenge) == ""
    found = {name: re.sub(r"\\(.)", r"\1", value) for name, value in PARAMETER.findall(challenge)}
    assert found == {"realm": realm, **parameters}


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [(401, "invalid_token", 401), (403, "", 403), (400, "invalid_token", 401), (404, "", 502)],
)
def test_an_error_of_a_real_call_is_recognized(status: int, error: str, expected: int) -> None:
    fake = FakeTransport().status(status, error=error).status(status, error=error)
    users = UsersManager(TENANT, transport=fake, discover=False)
    settings = {"impersonator_id": "a", "protocol": "oauth2", "token": "a-token"}
    with users:
        with pytest.raises(APIError) as caught:
            users.get_info("a-token")
        assert error_response(caught.value).status == expected
        with pytest.raises(APIError) as caught:
            users.impersonate("a", settings)
        assert error_response(caught.value).status == 502
