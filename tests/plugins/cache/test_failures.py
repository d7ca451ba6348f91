"""Errors: what they evict, what is remembered of them, and when a stale entry answers."""

from __future__ import annotations

from typing import Any

import pytest
from tests.plugins.cache.calling import JSON
from tests.plugins.cache.clocks import DATE, EPOCH, Clocks
from tests.plugins.cache.support import SCOPE, jwt
from tests.support import make_request

from usersmanager import (
    DeadlineExceededError,
    DisconnectedError,
    PoolTimeoutError,
    ProviderUnavailableError,
    RateLimitedError,
    Request,
    Response,
    TransportError,
    UnauthorizedError,
    UsersManagerError,
)
from usersmanager.plugins import Flow, Proceed, hookimpl
from usersmanager_cache.clock import Instant

INVALID = Response(401, JSON, b'{"error": "invalid_token"}')
LIMITED = Response(429, JSON | {"Retry-After": "20"}, b'{"error": "too_many_requests"}')

UNAVAILABLE: dict[str, Response | TransportError] = {
    "disconnected": DisconnectedError("gone"),
    "deadline": DeadlineExceededError("late"),
    "pool": PoolTimeoutError("busy"),
    "429": Response(429),
    "500": Response(500),
    "503": Response(503, {"Retry-After": "1"}),
    "599": Response(599),
}


def error_of(call: Any, *args: Any, **settings: Any) -> UsersManagerError:
    with pytest.raises(UsersManagerError) as caught:
        call(*args, **settings)
    return caught.value


@pytest.mark.parametrize("status", [401, 403])
def test_a_rejected_token_is_evicted_and_the_error_passed_on(
    caller: Any, clocks: Clocks, status: int
) -> None:
    call = caller(max_age=60, stale_if_error=600)
    call()
    clocks.advance(60)
    call.provider.outcome = Response(status)
    assert error_of(call).status == status  # type: ignore[attr-defined] # An APIError.
    assert call.stats.entries == 0
    call.provider.outcome = Response(500)
    assert error_of(call).status == 500  # type: ignore[attr-defined] # An APIError.


@pytest.mark.parametrize(
    ("response", "is_remembered"),
    [
        (INVALID, True),
        (Response(401, {"WWW-Authenticate": 'Bearer error="invalid_token"'}), True),
        (Response(401, JSON, b'{"error": "invalid_request"}'), False),
        (Response(401), False),
        (Response(403, JSON, b'{"error": "invalid_token"}'), False),
        (Response(400, JSON, b'{"error": "invalid_token"}'), False),
    ],
    ids=range(6),
)
def test_an_invalid_token_is_refused_for_a_while(
    caller: Any, clocks: Clocks, response: Response, is_remembered: bool
) -> None:
    call = caller(negative_max_age=30)
    call.provider.outcome = response
    first = error_of(call)
    clocks.advance(29)
    second = error_of(call)
    assert (type(first), str(first), vars(first)) == (type(second), str(second), vars(second))
    assert call.requests == (1 if is_remembered else 2)
    clocks.advance(1)
    call.provider.outcome = None
    assert call().sub == "ada"


def test_an_invalid_token_is_not_remembered_unless_asked_for(caller: Any) -> None:
    call = caller()
    call.provider.outcome = INVALID
    for _ in range(2):
        assert isinstance(error_of(call), UnauthorizedError)
    assert call.requests == 2


def test_a_refusal_is_for_its_token_and_its_scope_alone(caller: Any) -> None:
    call = caller(negative_max_age=30)
    call.provider.outcome = INVALID
    error_of(call)
    call.provider.outcome = None
    assert call("bob").sub == "bob"
    assert call(headers={"X-Tenant": "7"}).sub == "ada"
    assert call.stats.refused == 0


@pytest.mark.parametrize("outcome", UNAVAILABLE.values(), ids=UNAVAILABLE)
def test_a_stale_entry_answers_in_place_of_an_error(
    caller: Any, clocks: Clocks, outcome: Any
) -> None:
    call = caller(max_age=60, stale_if_error=300)
    call()
    call.provider.outcome = outcome
    clocks.advance(359)
    assert call() == {"sub": "ada", "version": 1}
    clocks.advance(1)
    assert isinstance(error_of(call), ProviderUnavailableError)


@pytest.mark.parametrize("status", [400, 404, 301, 204, 600])
def test_no_stale_entry_answers_in_place_of_another_response(
    caller: Any, clocks: Clocks, status: int
) -> None:
    call = caller(max_age=60, stale_if_error=300)
    call()
    call.provider.outcome = Response(status)
    clocks.advance(60)
    error_of(call)


def test_a_plugin_that_refuses_to_send_a_request_is_an_outage(caller: Any, clocks: Clocks) -> None:
    class Breaker:
        @hookimpl
        def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
            raise ProviderUnavailableError("the circuit is open")

    call = caller(max_age=60, stale_if_error=300)
    call()
    clocks.advance(60)
    assert call(plugins=[call.cache, Breaker()]).sub == "ada"


def test_by_default_an_error_is_passed_on(caller: Any, clocks: Clocks) -> None:
    call = caller(max_age=60)
    call()
    call.provider.outcome = DisconnectedError("gone")
    clocks.advance(60)
    assert isinstance(error_of(call), DisconnectedError)


def test_a_stale_entry_does_not_answer_after_its_token(caller: Any, clocks: Clocks) -> None:
    call, token = caller(max_age=60, stale_if_error=300), jwt({"exp": EPOCH + 100})
    call(token)
    call.provider.outcome = DisconnectedError("gone")
    clocks.advance(99)
    assert call(token).get("version") == 1
    clocks.advance(1)
    error_of(call, token)


def test_after_a_stale_answer_there_is_no_request_for_five_seconds(
    caller: Any, clocks: Clocks
) -> None:
    call = caller(max_age=60, stale_if_error=300)
    call()
    clocks.advance(60)
    call.provider.outcome = DisconnectedError("gone")
    for _ in range(3):
        call()
    assert call.requests == 2
    clocks.advance(4.9)
    call()
    assert call.requests == 2
    clocks.advance(0.1)
    call()
    assert call.requests == 3
    call.provider.outcome = None
    clocks.advance(5)
    assert call()["version"] == 4
    assert (call.stats.stale, call.stats.misses) == (5, 2)


def test_where_no_stale_entry_can_answer_a_request_is_made(caller: Any, clocks: Clocks) -> None:
    call = caller(max_age=60, stale_if_error=1)
    call()
    clocks.advance(60)
    call.provider.outcome = DisconnectedError("gone")
    call()
    clocks.advance(1)
    error_of(call)
    error_of(call)
    assert call.requests == 4


def test_after_a_429_the_key_is_refused_until_the_provider_wants_it(
    caller: Any, clocks: Clocks
) -> None:
    call = caller(max_age=60)
    call.provider.outcome = LIMITED
    first = error_of(call)
    clocks.advance(5.5)
    second = error_of(call)
    assert isinstance(second, RateLimitedError)
    assert (first.retry_after, second.retry_after) == (20, 15)  # type: ignore[attr-defined]
    assert (str(first), second.error) == (str(second), "too_many_requests")
    assert (call.requests, call.stats.refused) == (1, 1)
    call.provider.outcome = None
    clocks.advance(14.4)
    error_of(call)
    clocks.advance(0.1)
    assert call().sub == "ada"


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"Retry-After": "3600"}, 60),
        ({"Retry-After": "Sun, 06 Nov 1994 08:50:07 GMT", "Date": DATE}, 30),
        ({"X-RateLimit-Reset": "784111807", "Date": DATE}, 30),
        ({"X-Rate-Limit-Reset": "784111807", "Date": DATE}, 30),
        ({"RateLimit": '"default";r=0;t=30', "Date": DATE}, 30),
        ({"Retry-After": "0"}, 0),
        ({}, 0),
    ],
)
def test_a_429_is_remembered_as_long_as_it_says_but_not_beyond_the_maximum_age(
    caller: Any, clocks: Clocks, fields: dict[str, str], seconds: float
) -> None:
    call = caller(max_age=60)
    call.provider.outcome = Response(429, fields)
    first = error_of(call)
    clocks.advance(max(0, seconds - 0.1))
    second = error_of(call)
    assert first.rate_limit == second.rate_limit  # type: ignore[attr-defined]
    assert call.requests == (1 if seconds else 2)
    clocks.advance(0.1)
    error_of(call)
    assert call.requests == (2 if seconds else 3)


def test_a_stale_entry_answers_in_place_of_a_429(caller: Any, clocks: Clocks) -> None:
    call = caller(max_age=60, stale_if_error=10)
    call()
    clocks.advance(60)
    call.provider.outcome = LIMITED
    assert call() == call() == {"sub": "ada", "version": 1}
    clocks.advance(10)
    assert isinstance(error_of(call), RateLimitedError)
    assert (call.requests, call.stats.stale, call.stats.refused) == (2, 2, 1)


def test_a_success_ends_what_is_remembered(caller: Any, clocks: Clocks) -> None:
    call = caller(max_age=2, stale_if_error=1)
    call()
    clocks.advance(2)
    call.provider.outcome = Response(500)
    assert call()["version"] == 1  # From now on, there is no request for five seconds,
    clocks.advance(1)
    call.provider.outcome = None
    assert call()["version"] == 3  # unless no stale entry can answer.
    clocks.advance(2)
    assert call()["version"] == 4


def test_what_is_remembered_is_bounded_and_apart_from_the_entries(caller: Any) -> None:
    call, now = caller(negative_max_age=30, max_entries=1), Instant(0, 0)
    call()
    failures, request = call.cache._lookup._failures, make_request()
    for index in range(1_100):
        failures.learn(index.to_bytes(32), SCOPE, request, INVALID, now)
    remembered = [failures.find(index.to_bytes(32), SCOPE, now) for index in range(1_100)]
    assert [failure is not None for failure in remembered] == [False] * 100 + [True] * 1_000
    call()
    assert (call.requests, call.stats.entries) == (1, 1)


def test_a_token_that_the_provider_echoes_is_not_kept(caller: Any) -> None:
    call = caller(negative_max_age=30)
    body = b'{"error": "invalid_token", "error_description": "secret-token is unknown \xc3\xa9"}'
    call.provider.outcome = Response(401, JSON | {"X-Request-Id": "secret-token"}, body)
    first, second = error_of(call, "secret-token"), error_of(call, "secret-token")
    assert str(first) == str(second)
    assert vars(first) == vars(second)
    (failure,) = call.cache._lookup._failures._by_key._items.values()
    assert b"secret-token" not in failure.response.body
    assert "secret-token" not in str(list(failure.response.headers.items()))
    assert "secret" not in repr(failure)
