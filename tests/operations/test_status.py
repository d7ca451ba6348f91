"""The exception for an error status, and the error fields of the response in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.support import make_request

from usersmanager import (
    APIError,
    ForbiddenError,
    NotFoundError,
    ProtocolError,
    RateLimit,
    RateLimitedError,
    RedirectError,
    Response,
    ServerError,
    TransportError,
    UnauthorizedError,
)
from usersmanager._operations.status import raise_for_status
from usersmanager.testing import FakeTransport


def api_error(status: int, headers: Any = (), body: bytes = b"") -> APIError:
    with pytest.raises(APIError) as caught:
        raise_for_status(make_request(), Response(status, headers, body))
    return caught.value


@pytest.mark.parametrize(
    ("status", "error_type"),
    [
        (300, RedirectError),
        (301, RedirectError),
        (302, RedirectError),
        (303, RedirectError),
        (304, RedirectError),
        (307, RedirectError),
        (308, RedirectError),
        (400, APIError),
        (401, UnauthorizedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (408, APIError),
        (409, APIError),
        (425, APIError),
        (429, RateLimitedError),
        (499, APIError),
        (500, ServerError),
        (503, ServerError),
        (599, ServerError),
        (600, APIError),
        (999, APIError),
    ],
)
def test_each_status_has_its_error(status: int, error_type: type[APIError]) -> None:
    error = api_error(status)
    assert type(error) is error_type
    assert error.status == status
    assert str(error).startswith(str(status))


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_a_success_raises_nothing(status: int) -> None:
    raise_for_status(make_request(), Response(status))


@pytest.mark.parametrize("status", [100, 101, 103])
def test_an_interim_status_is_a_protocol_error(status: int) -> None:
    with pytest.raises(ProtocolError, match=str(status)):
        raise_for_status(make_request(), Response(status))


def test_an_error_contains_the_details_that_the_server_sent() -> None:
    error = api_error(401, {}, b'{"error": "e", "error_description": "d"}')
    assert (error.error, error.error_description) == ("e", "d")


def test_the_message_contains_status_code_and_description() -> None:
    error = api_error(
        403, {}, b'{"error": "insufficient_scope", "error_description": "needs openid"}'
    )
    assert str(error) == "403 Forbidden: insufficient_scope: needs openid"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"Unauthorized", "401 Unauthorized"),
        (b"401 Unauthorized", "401 Unauthorized"),
        (b"401: Unauthorized", "401 Unauthorized"),
        (b"404: Not Found", "401 Unauthorized: 404: Not Found"),
        (b'{"error": "Unauthorized", "message": "expired"}', "401 Unauthorized: expired"),
        (b'{"error": "e", "message": "Unauthorized"}', "401 Unauthorized: e"),
    ],
)
def test_the_message_does_not_repeat_the_phrase_of_the_status(body: bytes, message: str) -> None:
    assert str(api_error(401, {}, body)) == message


def test_a_status_without_a_phrase_is_a_number_in_the_message() -> None:
    assert str(api_error(600)) == "600"


def test_a_404_of_get_info_asks_for_the_base_url() -> None:
    body = b'{"error": "not_found"}'
    assert str(api_error(404, {}, body)) == "404 Not Found: not_found: is base_url right?"
    with pytest.raises(NotFoundError) as caught:
        raise_for_status(make_request(operation="impersonate"), Response(404))
    assert str(caught.value) == "404 Not Found"


def test_a_404_of_a_discovery_asks_for_the_issuer() -> None:
    with pytest.raises(NotFoundError) as caught:
        raise_for_status(make_request(operation="discover"), Response(404))
    assert str(caught.value) == "404 Not Found: is issuer right?"


def test_a_407_is_the_answer_of_a_proxy() -> None:
    with pytest.raises(TransportError, match=r"^the proxy answered 407$") as caught:
        raise_for_status(make_request(), Response(407))
    assert (caught.value.sent, caught.value.reason) == (True, "proxy_refused")


def test_an_echoed_token_is_redacted_and_control_characters_are_dropped() -> None:
    body = b'{"error": "hush", "error_description": "token hush is \\u001b\\u001b[31m bad\\n"}'
    error = api_error(401, {"X-Request-Id": "id-of-hush"}, body)
    assert error.error == "[redacted]"
    assert error.error_description == "token [redacted] is [31m bad"
    assert error.request_id == "id-of-[redacted]"


@pytest.mark.parametrize("name", ["X-Request-Id", "X-Auth0-RequestId", "x-correlation-id"])
def test_the_request_id_is_kept(name: str) -> None:
    assert api_error(500, {name: "abc"}).request_id == "abc"


def test_the_rate_limit_is_kept() -> None:
    headers = {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "0", "Retry-After": "3"}
    error = api_error(429, headers)
    assert error.rate_limit == RateLimit(10, 0, None)
    assert error.retry_after == 3


def test_the_error_of_a_redirect_does_not_contain_its_target() -> None:
    error = api_error(302, {"Location": "https://evil.example/?hush"}, b"https://evil.example")
    assert "evil" not in f"{error!r}{vars(error)}"


def test_a_call_raises_the_error_for_its_status(
    fetch: Callable[..., Any], fake: FakeTransport
) -> None:
    fake.status(401, error="invalid_token", error_description="expired", www_authenticate="Bearer")
    with pytest.raises(UnauthorizedError) as caught:
        fetch()
    assert caught.value.error_description == "expired"


def test_many_long_challenges_are_parsed_in_linear_time() -> None:
    headers = [("WWW-Authenticate", "a" * 8000)] * 100
    started = time.process_time()
    with pytest.raises(UnauthorizedError):
        raise_for_status(make_request(), Response(401, headers))
    assert time.process_time() - started < 1
