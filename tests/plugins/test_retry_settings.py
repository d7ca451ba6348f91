"""The settings of the retry plugin are checked when it is constructed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tenacity import (
    stop_after_attempt,
    stop_after_delay,
    wait_exponential,
    wait_fixed,
    wait_none,
    wait_random,
)
from tests.plugins.outages import outage

from usersmanager import ArgumentError, DisconnectedError, PluginError, Response, ServerError
from usersmanager.testing import FakeTransport
from usersmanager_retry import Retry, full_jitter

Call = Callable[..., Any]


async def async_strategy(state: object) -> float:
    return 1.0


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [
        (0, 0),
        (0.0, 0),
        (2, 2),
        (0.25, 0.25),
        (5, 5),
        (timedelta(milliseconds=250), 0.25),
        (timedelta(0), 0),
        (wait_none(), 0),
        (wait_fixed(timedelta(seconds=3)), 3),
        (wait_fixed(1) + wait_fixed(2), 3),
        (sum([wait_fixed(1), wait_fixed(1.5)]), 2.5),
        (lambda state: 4, 4),
        (lambda state: 10**400, 5),
        (functools.partial(max, 0.5, key=lambda value: isinstance(value, float)), 0.5),
    ],
)
def test_a_wait_is_a_number_of_seconds_a_timedelta_or_a_strategy(wait: Any, seconds: float) -> None:
    answers = (Response(503), DisconnectedError("x"))
    assert outage(*answers, retry=Retry(wait=wait)).slept == [seconds, seconds]


@pytest.mark.parametrize(
    ("wait", "reason"),
    [
        ("1", "wait must be a number of seconds, a timedelta or a wait strategy"),
        (True, "wait must be a number of seconds, a timedelta or a wait strategy"),
        ([1], "wait must be a number of seconds, a timedelta or a wait strategy"),
        (-1, "wait must be 0 or more, and finite"),
        (timedelta(seconds=-1), "wait must be 0 or more, and finite"),
        (wait_fixed(-1), "wait must be 0 or more, and finite"),
        (float("nan"), "wait must be 0 or more, and finite"),
        (float("inf"), "wait must be 0 or more, and finite"),
        (10**400, "wait must be 0 or more, and finite"),
        (5.1, "wait must not be longer than max_wait, which is 5 s"),
        (timedelta(minutes=1), "wait must not be longer than max_wait, which is 5 s"),
        (wait_fixed(60), "wait must not be longer than max_wait, which is 5 s"),
        (wait_exponential, "wait is a class: pass an instance, wait_exponential(...)"),
        (async_strategy, "wait is an async function: pass a plain function"),
        (lambda: 1, "wait must be a function of one argument, tenacity's RetryCallState"),
    ],
)
def test_any_other_wait_is_rejected(wait: Any, reason: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        Retry(wait=wait)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("stop", "attempts"),
    [
        (1, 1),
        (4, 4),
        (stop_after_attempt(2), 2),
        (stop_after_attempt(3) | stop_after_delay(100), 3),
        (stop_after_attempt(3) | stop_after_delay(0), 1),
        (stop_after_attempt(3) & stop_after_delay(0), 3),
        (lambda state: state.attempt_number > 1, 2),
    ],
)
def test_a_stop_is_a_number_of_attempts_or_a_strategy(
    fetch: Call, stop: Any, attempts: int
) -> None:
    fake = FakeTransport(*[Response(503)] * 9)
    with pytest.raises(ServerError):
        fetch(plugins=[Retry(wait=0, stop=stop)], transport=fake)
    assert len(fake.requests) == attempts


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (0, "stop must be a whole number, 1 or more"),
        (True, "stop must be a whole number, 1 or more"),
        (2.0, "stop must be a whole number, 1 or more"),
        ("3", "stop must be a whole number, 1 or more"),
        (stop_after_attempt, "stop is a class: pass an instance, stop_after_attempt(...)"),
        (async_strategy, "stop is an async function: pass a plain function"),
        (lambda: True, "stop must be a function of one argument, tenacity's RetryCallState"),
    ],
)
def test_any_other_stop_is_rejected(stop: Any, reason: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        Retry(stop=stop)
    assert str(caught.value) == reason


@pytest.mark.parametrize("bad", [0, -1, True, 1.5, "3", []])
def test_an_invalid_number_of_attempts_is_rejected(bad: Any) -> None:
    with pytest.raises(ArgumentError, match="attempts must be"):
        Retry(bad)


@pytest.mark.parametrize("attempts", [1, 3])
def test_attempts_and_stop_together_are_rejected(attempts: int) -> None:
    with pytest.raises(ArgumentError, match=r"^pass attempts or stop, not both$"):
        Retry(attempts, stop=stop_after_delay(8))


@pytest.mark.parametrize("bad", [0, -1, float("inf"), float("nan"), True, "5", None])
def test_an_invalid_max_wait_is_rejected(bad: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^max_wait must be "):
        Retry(max_wait=bad)


@pytest.mark.parametrize("bad", [0, 10, "500"])
def test_an_invalid_budget_is_rejected(bad: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^budget must be a Budget$"):
        Retry(budget=bad)


@pytest.mark.parametrize("name", ["base", "overloaded_base", "maximum"])
@pytest.mark.parametrize("bad", [-0.1, float("nan"), float("inf"), True, "1", None])
def test_an_invalid_limit_of_the_jitter_is_rejected(name: str, bad: Any) -> None:
    with pytest.raises(ArgumentError, match=rf"^{name} must be "):
        full_jitter(**{name: bad})


def test_the_jitter_can_be_combined_with_another_strategy() -> None:
    waits = full_jitter(maximum=0.5) + wait_fixed(1) + wait_random(0, 0.5)
    for seconds in outage(*[Response(503)] * 5, retry=Retry(6, wait=waits)).slept:
        assert 1 <= seconds <= 2


@pytest.mark.parametrize(
    ("result", "returned"),
    [
        (None, "NoneType"),
        ("1", "str"),
        (True, "bool"),
        (timedelta(1), "timedelta"),
        (-0.5, "-0.5"),
        (float("nan"), "nan"),
    ],
)
def test_a_wait_strategy_that_returns_something_else_is_reported(
    fetch: Call, fake: FakeTransport, result: Any, returned: str
) -> None:
    fake.status(503)
    with pytest.raises(PluginError) as caught:
        fetch(plugins=[Retry(wait=lambda state: result)])
    assert str(caught.value) == (
        f"the wait strategy of Retry returned {returned}: return a number of seconds, 0 or more"
    )


@pytest.mark.parametrize(("result", "returned"), [(None, "NoneType"), (0, "int"), ("no", "str")])
def test_a_stop_strategy_that_returns_something_else_is_reported(
    fetch: Call, fake: FakeTransport, result: Any, returned: str
) -> None:
    fake.status(503)
    with pytest.raises(PluginError) as caught:
        fetch(plugins=[Retry(stop=lambda state: result)])
    assert str(caught.value) == (
        f"the stop strategy of Retry returned {returned}: return True or False"
    )


def test_an_exception_of_a_strategy_passes_unchanged(fetch: Call, fake: FakeTransport) -> None:
    def interrupted(state: object) -> float:
        raise interruption

    interruption = KeyboardInterrupt()
    fake.status(503)
    with pytest.raises(KeyboardInterrupt) as caught:
        fetch(plugins=[Retry(wait=interrupted)])
    assert caught.value is interruption
