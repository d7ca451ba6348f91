"""How long a retry waits, on a simulated clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenacity import RetryCallState, Retrying, wait_fixed, wait_none
from tests.plugins.outages import PROFILE, outage
from tests.support import TENANT

from usersmanager import (
    DisconnectedError,
    RateLimitedError,
    Response,
    ServerError,
)
from usersmanager.testing import FakeTransport
from usersmanager_retry import Budget, Retry, full_jitter

RESET = {"X-RateLimit-Reset": "784111783", "Date": "Sun, 06 Nov 1994 08:49:37 GMT"}


@given(
    st.random_module(),
    st.sampled_from(
        [
            (Response(500), 0.1),
            (Response(503), 1.0),
            (Response(429), 1.0),
            (DisconnectedError("x"), 0.1),
        ]
    ),
)
def test_the_wait_is_random_up_to_a_limit_that_doubles(
    seed: object, case: tuple[Any, float]
) -> None:
    response, base = case
    slept = outage(*[response] * 8).slept
    assert len(slept) == 8
    for number, seconds in enumerate(slept):
        assert 0 <= seconds <= min(5.0, base * 2**number)


def test_without_an_outcome_the_wait_is_that_of_an_error() -> None:
    state = RetryCallState(Retrying(), None, (), {})
    assert 0 <= full_jitter()(state) <= 0.1


@pytest.mark.parametrize("status", [429, 503])
def test_the_waits_for_an_overloaded_server_are_spread_over_the_whole_range(status: int) -> None:
    slept = [outage(Response(status)).slept[0] for _ in range(400)]
    assert min(slept) < 0.1
    assert max(slept) > 0.9
    assert 0.4 < sum(slept) / len(slept) < 0.6


@pytest.mark.parametrize(("after", "arguments"), [(3, {}), (5, {}), (30, {"max_wait": 30})])
def test_the_wait_is_at_least_the_retry_after_of_the_server(
    after: int, arguments: dict[str, Any]
) -> None:
    answer = Response(503, {"Retry-After": str(after)})
    assert outage(answer, retry=Retry(**arguments)).slept == [after]


def test_the_wait_is_random_after_a_retry_after_of_zero() -> None:
    slept = [outage(Response(503, {"Retry-After": "0"})).slept[0] for _ in range(50)]
    assert len(set(slept)) > 40


def test_the_wait_lasts_until_the_reset_of_the_rate_limit() -> None:
    headers = {"X-RateLimit-Reset": "784111807", "Date": "Sun, 06 Nov 1994 08:49:37 GMT"}
    assert outage(Response(429, headers), retry=Retry(max_wait=60)).slept == [30]


def test_the_limit_of_the_wait_doubles_up_to_five_seconds() -> None:
    responses = [Response(503)] * 4
    last = [outage(*responses, retry=Retry(5, max_wait=60)).slept[-1] for _ in range(100)]
    assert 4 < max(last) <= 5


@given(st.random_module())
def test_the_limits_of_the_wait_can_be_set(seed: object) -> None:
    wait = full_jitter(base=0.001, overloaded_base=0.01, maximum=0.015)
    for status, limits in ((500, (0.001, 0.002, 0.004)), (503, (0.01, 0.015, 0.015))):
        slept = outage(*[Response(status)] * 3, retry=Retry(4, wait=wait)).slept
        assert all(seconds <= limit for seconds, limit in zip(slept, limits, strict=True))


@pytest.mark.parametrize(("pause", "slept"), [(5, []), (4.99, [4.99])])
def test_a_wait_that_would_end_at_the_deadline_is_not_started(
    pause: float, slept: list[float]
) -> None:
    assert outage(Response(503), retry=Retry(wait=wait_fixed(pause)), timeout=5).slept == slept


def test_a_wait_that_the_server_asks_for_is_not_started_if_it_ends_after_the_deadline(
    fetch: Callable[..., Any],
) -> None:
    fake = FakeTransport(Response(429, {"Retry-After": "11"}), PROFILE)
    with pytest.raises(RateLimitedError) as caught:
        fetch(plugins=[Retry(max_wait=60)], transport=fake)
    assert caught.value.retry_after == 11
    assert (fake.waits, len(fake.requests)) == ([], 1)


@given(st.lists(st.floats(0, 20), min_size=1, max_size=5), st.floats(0.1, 30))
def test_a_call_never_sleeps_beyond_its_deadline(pauses: list[float], timeout: float) -> None:
    answers = [Response(503, {"Retry-After": str(int(pause))}) for pause in pauses]
    retry = Retry(6, max_wait=60)
    assert outage(*answers, retry=retry, timeout=timeout).now - 1000 <= timeout


@pytest.mark.parametrize("answer", [Response(503), DisconnectedError("x")])
@pytest.mark.parametrize(("arguments", "limit"), [({}, 5), ({"max_wait": 0.5}, 0.5)])
def test_a_longer_backoff_is_shortened_to_the_maximum(
    answer: Any, arguments: dict[str, Any], limit: float
) -> None:
    clock = outage(answer, retry=Retry(wait=lambda state: 60, **arguments))
    assert clock.slept == [limit]


def test_a_shortened_backoff_may_end_before_the_deadline() -> None:
    assert outage(Response(503), retry=Retry(wait=lambda state: 60), timeout=6).slept == [5]


@given(st.random_module(), st.floats(0.01, 10))
def test_the_jitter_is_shortened_too(seed: object, max_wait: float) -> None:
    retry = Retry(9, max_wait=max_wait, wait=full_jitter(maximum=60))
    slept = outage(*[Response(503)] * 8, retry=retry).slept
    assert len(slept) == 8
    assert max(slept) <= max_wait


@pytest.mark.parametrize("headers", [{"Retry-After": "6"}, RESET])
@pytest.mark.parametrize("arguments", [{}, {"wait": wait_none()}, {"wait": wait_fixed(1)}])
def test_a_call_fails_at_once_if_the_server_asks_for_a_longer_wait(
    mode: Any, headers: dict[str, str], arguments: dict[str, Any]
) -> None:
    fake = FakeTransport(Response(429, headers), PROFILE)
    budget = Budget()
    retry = Retry(budget=budget, **arguments)
    with pytest.raises(RateLimitedError) as caught:
        mode.call("get_info", "t", base_url=TENANT, transport=fake, plugins=[retry], discover=False)
    assert caught.value.retry_after == 6
    assert len(fake.requests) == 1
    assert budget.tokens == 500


def test_a_later_response_that_asks_for_a_longer_wait_ends_the_retries(
    fetch: Callable[..., Any],
) -> None:
    fake = FakeTransport(Response(503), Response(503, {"Retry-After": "6"}), PROFILE)
    with pytest.raises(ServerError) as caught:
        fetch(plugins=[Retry(wait=wait_none())], transport=fake)
    assert caught.value.retry_after == 6
    assert len(fake.requests) == 2


def test_a_custom_strategy_may_ignore_a_shorter_retry_after() -> None:
    answer = Response(503, {"Retry-After": "4"})
    assert outage(answer, retry=Retry(wait=wait_fixed(1))).slept == [1]
