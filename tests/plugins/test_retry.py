"""Retry: what is repeated, how often, how long between."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenacity import (
    RetryCallState,
    Retrying,
    stop_after_attempt,
    stop_after_delay,
    wait_fixed,
    wait_none,
)
from tests.support import TENANT, Clock, simulated_clock

from usersmanager import (
    APIError,
    ArgumentError,
    BodyTooLargeError,
    ConnectError,
    DisconnectedError,
    PoolTimeoutError,
    ProtocolError,
    RateLimitedError,
    Response,
    ServerError,
    TLSError,
    TransportError,
    UsersManager,
    UsersManagerError,
)
from usersmanager.testing import FakeTransport
from usersmanager_retry import Budget, Retry, full_jitter, repeatable

Call = Callable[..., Any]
PROFILE = Response(200, {"Content-Type": "application/json"}, b'{"sub": "u"}')


def swift(**settings: Any) -> Retry:
    """A retry that doesn't wait."""
    return Retry(**{"wait": wait_none(), **settings})


def attempts(call: Call, fake: FakeTransport, *answers: Any) -> int:
    """How often a call was attempted that was given the answers, then successes."""
    fake.add(*answers).profile("u").profile("u")
    with contextlib.suppress(UsersManagerError):
        call(plugins=[swift()])
    return len(fake.requests)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_get_info_is_repeated_after_a_passing_status(
    fetch: Call, fake: FakeTransport, status: int
) -> None:
    assert attempts(fetch, fake, Response(status), Response(status)) == 3


@pytest.mark.parametrize("status", [301, 304, 307, 400, 401, 403, 404, 409, 410, 422, 501, 505])
def test_get_info_is_not_repeated_after_a_lasting_status(
    fetch: Call, fake: FakeTransport, status: int
) -> None:
    assert attempts(fetch, fake, Response(status)) == 1


@pytest.mark.parametrize(
    "error", [ConnectError("x"), DisconnectedError("x"), ProtocolError("x"), TransportError("x")]
)
def test_get_info_is_repeated_after_a_passing_fault(
    fetch: Call, fake: FakeTransport, error: TransportError
) -> None:
    assert attempts(fetch, fake, error) == 2


@pytest.mark.parametrize("error", [TLSError("x"), PoolTimeoutError("x"), BodyTooLargeError("x")])
def test_get_info_is_not_repeated_after_a_lasting_fault(
    fetch: Call, fake: FakeTransport, error: TransportError
) -> None:
    assert attempts(fetch, fake, error) == 1


def test_an_answer_that_cannot_be_read_is_not_asked_for_again(
    fetch: Call, fake: FakeTransport
) -> None:
    assert attempts(fetch, fake, Response(200, {"Content-Type": "text/html"}, b"x")) == 1


@pytest.mark.parametrize(
    ("answer", "repeated"),
    [
        (ConnectError("x"), True),
        (DisconnectedError("x", phase="not sent"), True),
        (Response(429), True),
        (DisconnectedError("x"), False),
        (ProtocolError("x"), False),
        (TLSError("x"), False),
        (PoolTimeoutError("x"), False),
        *((Response(status), False) for status in (408, 425, 500, 502, 503, 504, 401)),
    ],
)
def test_impersonate_is_repeated_only_if_it_was_surely_not_processed(
    impersonate: Call, fake: FakeTransport, answer: Any, repeated: bool
) -> None:
    assert attempts(impersonate, fake, answer) == (2 if repeated else 1)


@pytest.mark.parametrize("stray", [KeyError("x"), KeyboardInterrupt(), LookupError("x")])
def test_what_is_no_transport_error_is_not_repeated(
    fetch: Call, fake: FakeTransport, stray: BaseException
) -> None:
    def raising(request: Any) -> Response:
        raise stray

    fake.add(raising)
    with pytest.raises(type(stray)):
        fetch(plugins=[swift()])
    assert len(fake.requests) == 1


def test_there_are_three_attempts_and_the_last_outcome_is_the_calls(fetch: Call) -> None:
    with pytest.raises(ServerError) as caught:
        fetch(
            plugins=[swift()], transport=FakeTransport(Response(503), Response(500), Response(502))
        )
    assert caught.value.status == 502
    faults = FakeTransport(*(DisconnectedError(f"number {n}") for n in range(4)))
    with pytest.raises(DisconnectedError, match="number 2"):
        fetch(plugins=[swift()], transport=faults)


@pytest.mark.parametrize("number", [1, 2, 5])
def test_the_number_of_attempts_can_be_set(fetch: Call, number: int) -> None:
    for settings in ({"attempts": number}, {"stop": stop_after_attempt(number)}):
        fake = FakeTransport(*[Response(503)] * 9)
        with pytest.raises(ServerError):
            fetch(plugins=[swift(**settings)], transport=fake)
        assert [request.attempt for request in fake.requests] == list(range(1, number + 1))


@pytest.mark.parametrize("bad", [0, -1, True, 1.5, "3", None])
def test_a_bad_number_of_attempts_is_refused(bad: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        Retry(bad)
    assert str(caught.value) == "attempts must be a whole number, 1 or more"


def test_a_stop_strategy_counts_the_time_from_the_start_of_the_call(fetch: Call) -> None:
    def slow(request: Any) -> Response:
        time.sleep(0.06)
        return Response(503)

    for delay, number in ((0.05, 1), (30, 2)):
        fake = FakeTransport(slow, Response(401))
        with pytest.raises(APIError) as caught:
            fetch(plugins=[swift(stop=stop_after_delay(delay))], transport=fake)
        assert (caught.value.status, len(fake.requests)) == ((503, 401)[number - 1], number)


def test_a_strategy_is_told_what_tenacity_tells_it(fetch: Call) -> None:
    states: list[RetryCallState] = []

    def stop(state: RetryCallState) -> bool:
        states.append(state)
        return True

    fake = FakeTransport(Response(503))
    with pytest.raises(ServerError):
        fetch(plugins=[swift(stop=stop)], transport=fake)
    assert isinstance(states[0].retry_object, Retrying)
    assert (states[0].args, states[0].kwargs) == ((fake.requests[0],), {})


def test_a_strategy_without_an_outcome_is_calm() -> None:
    state = RetryCallState(Retrying(), None, (), {})
    assert repeatable(state) is False
    assert 0 <= full_jitter()(state) <= 0.1


# Waiting, on a simulated clock.


def outage(*answers: Any, retry: Retry | None = None, timeout: float = 1000.0) -> Clock:
    """The clock after one call that was given these answers, then a success."""
    with (
        simulated_clock() as clock,
        UsersManager(
            TENANT,
            transport=FakeTransport(*answers, PROFILE),
            plugins=[retry or Retry(attempts=len(answers) + 1)],
            discover=False,
        ) as users,
        contextlib.suppress(UsersManagerError),
    ):
        users.get_info("t", timeout=timeout)
    return clock


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
def test_the_wait_is_random_up_to_a_bound_that_doubles(
    seed: object, case: tuple[Any, float]
) -> None:
    answer, base = case
    slept = outage(*[answer] * 8).slept
    assert len(slept) == 8
    for number, seconds in enumerate(slept):
        assert 0 <= seconds <= min(5.0, base * 2**number)


def test_the_waits_spread_over_the_whole_range() -> None:
    slept = [outage(Response(503)).slept[0] for _ in range(400)]
    assert min(slept) < 0.1
    assert max(slept) > 0.9
    assert 0.4 < sum(slept) / len(slept) < 0.6


@pytest.mark.parametrize(("after", "settings"), [(3, {}), (5, {}), (30, {"max_wait": 30})])
def test_the_servers_retry_after_is_waited_for_at_least(
    after: int, settings: dict[str, Any]
) -> None:
    answer = Response(503, {"Retry-After": str(after)})
    assert outage(answer, retry=Retry(**settings)).slept == [after]


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_is_overloaded_is_given_more_time(status: int) -> None:
    assert max(outage(Response(status)).slept[0] for _ in range(100)) > 0.5


def test_a_zero_retry_after_leaves_the_jitter() -> None:
    slept = [outage(Response(503, {"Retry-After": "0"})).slept[0] for _ in range(50)]
    assert len(set(slept)) > 40


def test_the_reset_of_a_rate_limit_is_waited_for() -> None:
    headers = {"X-RateLimit-Reset": "784111807", "Date": "Sun, 06 Nov 1994 08:49:37 GMT"}
    assert outage(Response(429, headers), retry=Retry(max_wait=60)).slept == [30]


@given(st.random_module())
def test_the_bounds_of_the_wait_can_be_set(seed: object) -> None:
    wait = full_jitter(base=0.001, overloaded_base=0.01, maximum=0.015)
    for status, bounds in ((500, (0.001, 0.002, 0.004)), (503, (0.01, 0.015, 0.015))):
        slept = outage(*[Response(status)] * 3, retry=Retry(4, wait=wait)).slept
        assert all(seconds <= bound for seconds, bound in zip(slept, bounds, strict=True))


@pytest.mark.parametrize(("pause", "slept"), [(5, []), (4.99, [4.99])])
def test_a_wait_that_would_end_at_the_deadline_is_not_begun(
    pause: float, slept: list[float]
) -> None:
    assert outage(Response(503), retry=Retry(wait=wait_fixed(pause)), timeout=5).slept == slept


def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    fake = FakeTransport(Response(429, {"Retry-After": "3600"}), PROFILE)
    with (
        simulated_clock() as clock,
        UsersManager(TENANT, transport=fake, plugins=[Retry()], discover=False) as users,
        pytest.raises(RateLimitedError) as caught,
    ):
        users.get_info("t")
    assert caught.value.retry_after == 3600
    assert clock.slept == []
    assert len(fake.requests) == 1


@given(st.lists(st.floats(0, 20), min_size=1, max_size=5), st.floats(0.1, 30))
def test_a_call_never_sleeps_beyond_its_deadline(pauses: list[float], timeout: float) -> None:
    answers = [Response(503, {"Retry-After": str(int(pause))}) for pause in pauses]
    assert outage(*answers, timeout=timeout).now - 1000 <= timeout


def test_a_tenacity_wait_strategy_can_be_given() -> None:
    retry = Retry(wait=wait_fixed(4))
    assert outage(Response(503), DisconnectedError("x"), retry=retry).slept == [4, 4]


# No wait is longer than max_wait.


@pytest.mark.parametrize("answer", [Response(503), DisconnectedError("x")])
@pytest.mark.parametrize(("settings", "limit"), [({}, 5), ({"max_wait": 0.5}, 0.5)])
def test_a_longer_backoff_is_cut(answer: Any, settings: dict[str, Any], limit: float) -> None:
    clock = outage(answer, retry=Retry(wait=wait_fixed(60), **settings))
    assert clock.slept == [limit]


def test_a_backoff_that_is_cut_may_end_before_the_deadline() -> None:
    assert outage(Response(503), retry=Retry(wait=wait_fixed(60)), timeout=6).slept == [5]


@given(st.random_module(), st.floats(0.01, 10))
def test_the_jitter_is_cut_too(seed: object, max_wait: float) -> None:
    retry = Retry(9, max_wait=max_wait, wait=full_jitter(maximum=60))
    slept = outage(*[Response(503)] * 8, retry=retry).slept
    assert len(slept) == 8
    assert max(slept) <= max_wait


RESET = {"X-RateLimit-Reset": "784111783", "Date": "Sun, 06 Nov 1994 08:49:37 GMT"}


@pytest.mark.parametrize("headers", [{"Retry-After": "6"}, RESET])
@pytest.mark.parametrize("settings", [{}, {"wait": wait_none()}, {"wait": wait_fixed(1)}])
def test_a_server_that_asks_for_a_longer_wait_fails_the_call_at_once(
    mode: Any, headers: dict[str, str], settings: dict[str, Any]
) -> None:
    fake = FakeTransport(Response(429, headers), PROFILE)
    budget = Budget()
    retry = Retry(budget=budget, **settings)
    with pytest.raises(RateLimitedError) as caught:
        mode.call("get_info", "t", base_url=TENANT, transport=fake, plugins=[retry], discover=False)
    assert caught.value.retry_after == 6
    assert len(fake.requests) == 1
    assert budget.tokens == 500


def test_a_later_answer_that_asks_for_a_longer_wait_ends_the_retries(fetch: Call) -> None:
    fake = FakeTransport(Response(503), Response(503, {"Retry-After": "6"}), PROFILE)
    with pytest.raises(ServerError) as caught:
        fetch(plugins=[swift()], transport=fake)
    assert caught.value.retry_after == 6
    assert len(fake.requests) == 2


def test_a_custom_strategy_decides_what_a_shorter_retry_after_counts_for() -> None:
    answer = Response(503, {"Retry-After": "4"})
    assert outage(answer, retry=Retry(wait=wait_fixed(1))).slept == [1]


@pytest.mark.parametrize("bad", [0, -1, float("inf"), float("nan"), True, "5", None])
def test_a_bad_max_wait_is_refused(bad: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^max_wait must be "):
        Retry(max_wait=bad)


# The budget.


def test_a_retry_costs_five_and_a_success_refunds() -> None:
    budget = Budget(20)
    outage(Response(503), retry=Retry(budget=budget))
    assert budget.tokens == 20
    outage(Response(503), Response(503), Response(503), retry=Retry(budget=budget))
    assert budget.tokens == 10
    outage(retry=Retry(budget=budget))
    assert budget.tokens == 11


def test_an_empty_budget_stops_retries_and_not_calls() -> None:
    budget = Budget(4)
    assert outage(Response(503), retry=Retry(budget=budget)).slept == []
    for _ in range(3):
        outage(retry=Retry(budget=budget))
    assert budget.tokens == 4


def test_the_budget_never_grows_beyond_its_capacity() -> None:
    budget = Budget(7)
    outage(Response(500), retry=Retry(budget=budget))
    assert budget.tokens == 7


def test_a_redirect_is_no_success_that_refunds() -> None:
    budget = Budget(20)
    budget.spend()
    outage(Response(300), retry=Retry(budget=budget))
    assert budget.tokens == 15


@pytest.mark.parametrize("bad", [-1, True, 1.5])
def test_a_bad_budget_is_refused(bad: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        Budget(bad)
    assert str(caught.value) == "the capacity of a budget is a whole number, 0 or more"


def test_a_budget_has_500_tokens_and_may_have_none() -> None:
    assert Budget().tokens == 500
    assert Budget(0).tokens == 0


def test_threads_spend_a_budget_exactly() -> None:
    budget = Budget(500)
    spent: list[bool] = []

    def work() -> None:
        spent.extend(budget.spend() for _ in range(50))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(spent), budget.tokens) == (100, 0)


def test_calls_that_share_a_plugin_count_their_attempts_apart(fetch: Call) -> None:
    retry = swift()
    for _ in range(3):
        fake = FakeTransport(Response(503), Response(503), PROFILE)
        fetch(plugins=[retry], transport=fake)
        assert len(fake.requests) == 3
