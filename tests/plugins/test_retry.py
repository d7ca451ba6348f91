"""What is retried, and how often."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

import pytest
from tenacity import RetryCallState, Retrying, stop_after_delay, wait_none
from tests.plugins.outages import PROFILE

from usersmanager import (
    APIError,
    BodyTooLargeError,
    ConnectError,
    DisconnectedError,
    PoolTimeoutError,
    ProtocolError,
    ProviderUnavailableError,
    Response,
    ServerError,
    TLSError,
    TransportError,
    UsersManagerError,
)
from usersmanager.testing import FakeTransport
from usersmanager_retry import Retry, is_retryable

Call = Callable[..., Any]


def without_wait(**arguments: Any) -> Retry:
    """Return a plugin that retries without waiting."""
    return Retry(**{"wait": wait_none(), **arguments})


def attempts(call: Call, fake: FakeTransport, *responses: Any) -> int:
    """Return the number of attempts of a call, for these responses and then successes."""
    fake.add(*responses).profile("u").profile("u")
    with contextlib.suppress(UsersManagerError):
        call(plugins=[without_wait()])
    return len(fake.requests)


EDGE = (520, 521, 522, 523, 524, 527, 530)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, *EDGE])
def test_get_info_is_retried_after_a_transient_status(
    fetch: Call, fake: FakeTransport, status: int
) -> None:
    assert attempts(fetch, fake, Response(status), Response(status)) == 3


@pytest.mark.parametrize(
    "status", [301, 304, 307, 400, 401, 403, 404, 409, 410, 422, 501, 505, 525, 526]
)
def test_get_info_is_not_retried_after_a_permanent_status(
    fetch: Call, fake: FakeTransport, status: int
) -> None:
    assert attempts(fetch, fake, Response(status)) == 1


@pytest.mark.parametrize(
    "error",
    [
        ConnectError("x"),
        ConnectError("x", reason="proxy_refused", proxy_status=502),
        ConnectError("x", reason="proxy_refused", proxy_status=503),
        DisconnectedError("x"),
        TransportError("x"),
    ],
)
def test_get_info_is_retried_after_a_transient_error(
    fetch: Call, fake: FakeTransport, error: TransportError
) -> None:
    assert attempts(fetch, fake, error) == 2


@pytest.mark.parametrize(
    "error",
    [
        TLSError("x"),
        PoolTimeoutError("x"),
        ProtocolError("x"),
        BodyTooLargeError("x"),
        ConnectError("x", reason="proxy_refused", proxy_status=407),
        ConnectError("x", reason="proxy_refused", proxy_status=403),
        ConnectError("x", retry_after=3600),
        ProviderUnavailableError("the circuit is open"),
    ],
)
def test_get_info_is_not_retried_after_a_permanent_error(
    fetch: Call, fake: FakeTransport, error: ProviderUnavailableError
) -> None:
    assert attempts(fetch, fake, error) == 1


def test_a_malformed_response_is_not_retried(fetch: Call, fake: FakeTransport) -> None:
    assert attempts(fetch, fake, Response(200, {"Content-Type": "text/html"}, b"x")) == 1


@pytest.mark.parametrize(
    ("response", "retried"),
    [
        (ConnectError("x"), True),
        (ConnectError("x", reason="proxy_refused", proxy_status=502), True),
        (ConnectError("x", reason="proxy_refused", proxy_status=407), False),
        (DisconnectedError("x", sent=False), True),
        (Response(429), True),
        (DisconnectedError("x"), False),
        (ProtocolError("x"), False),
        (TLSError("x"), False),
        (PoolTimeoutError("x"), False),
        *((Response(status), False) for status in (408, 425, 500, 502, 503, 504, 401, *EDGE)),
    ],
)
def test_impersonate_is_only_retried_if_it_was_certainly_not_processed(
    impersonate: Call, fake: FakeTransport, response: Any, retried: bool
) -> None:
    assert attempts(impersonate, fake, response) == (2 if retried else 1)


@pytest.mark.parametrize("exception", [KeyError("x"), KeyboardInterrupt(), LookupError("x")])
def test_any_other_exception_is_not_retried(
    fetch: Call, fake: FakeTransport, exception: BaseException
) -> None:
    def raising(request: Any) -> Response:
        raise exception

    fake.add(raising)
    with pytest.raises(type(exception)):
        fetch(plugins=[without_wait()])
    assert len(fake.requests) == 1


def test_there_are_three_attempts_and_the_last_error_is_raised(fetch: Call) -> None:
    with pytest.raises(ServerError) as caught:
        fetch(
            plugins=[without_wait()],
            transport=FakeTransport(Response(503), Response(500), Response(502)),
        )
    assert caught.value.status == 502
    transport = FakeTransport(*(DisconnectedError(f"number {n}") for n in range(4)))
    with pytest.raises(DisconnectedError, match="number 2"):
        fetch(plugins=[without_wait()], transport=transport)


@pytest.mark.parametrize("number", [1, 2, 5])
def test_the_number_of_attempts_can_be_set(fetch: Call, number: int) -> None:
    fake = FakeTransport(*[Response(503)] * 9)
    with pytest.raises(ServerError):
        fetch(plugins=[without_wait(attempts=number)], transport=fake)
    assert [request.attempt for request in fake.requests] == list(range(1, number + 1))


def test_the_time_of_a_stop_strategy_starts_with_the_call(fetch: Call) -> None:
    def slow(request: Any) -> Response:
        time.sleep(0.06)
        return Response(503)

    for delay, number in ((0.05, 1), (30, 2)):
        fake = FakeTransport(slow, Response(401))
        with pytest.raises(APIError) as caught:
            fetch(plugins=[without_wait(stop=stop_after_delay(delay))], transport=fake)
        assert (caught.value.status, len(fake.requests)) == ((503, 401)[number - 1], number)


def test_a_strategy_gets_the_state_that_tenacity_passes(fetch: Call) -> None:
    states: list[RetryCallState] = []

    def stop(state: RetryCallState) -> bool:
        states.append(state)
        return True

    fake = FakeTransport(Response(503))
    with pytest.raises(ServerError):
        fetch(plugins=[without_wait(stop=stop)], transport=fake)
    assert isinstance(states[0].retry_object, Retrying)
    assert (states[0].args, states[0].kwargs) == ((fake.requests[0],), {})


def test_without_an_outcome_there_is_no_retry() -> None:
    state = RetryCallState(Retrying(), None, (), {})
    assert is_retryable(state) is False


def test_calls_that_share_a_plugin_count_their_own_attempts(fetch: Call) -> None:
    retry = without_wait()
    for _ in range(3):
        fake = FakeTransport(Response(503), Response(503), PROFILE)
        fetch(plugins=[retry], transport=fake)
        assert len(fake.requests) == 3
