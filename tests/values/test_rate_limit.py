"""Retry-After, and the fields of a rate limit."""

from __future__ import annotations

import time
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usersmanager import RateLimit, Response

DATE = "Sun, 06 Nov 1994 08:49:37 GMT"  # 784111777 seconds since the epoch.
NOW = 784111777
LATER = "Sun, 06 Nov 1994 08:50:37 GMT"


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (503, {"Retry-After": "0"}, 0),
        (503, {"Retry-After": "120"}, 120),
        (503, {"Retry-After": " 120 "}, 120),
        (503, {"Retry-After": "1.5"}, 1.5),
        (503, {"Retry-After": "0.25"}, 0.25),
        (429, {"Retry-After": "999999999"}, 999999999),
        (503, {"Retry-After": LATER, "Date": DATE}, 60),
        (503, {"Retry-After": "Sunday, 06-Nov-94 08:50:37 GMT", "Date": DATE}, 60),
        (503, {"Retry-After": "Sun Nov  6 08:50:37 1994", "Date": DATE}, 60),
        (429, {"X-RateLimit-Reset": "784111837", "Date": DATE}, 60),
        (429, {"X-RateLimit-Reset": "784111837", "Date": DATE, "Retry-After": "7"}, 7),
        # The time has come, or the clocks of the servers differ.
        (503, {"Retry-After": DATE, "Date": DATE}, 1),
        (503, {"Retry-After": DATE, "Date": LATER}, 1),
        (429, {"X-RateLimit-Reset": "784111777", "Date": DATE}, 1),
        (429, {"X-RateLimit-Reset": "784111700", "Date": DATE}, 1),
        (429, {"X-RateLimit-Reset": "0", "Date": DATE}, 1),
    ],
)
def test_the_wait_is_that_of_the_response(
    status: int, headers: dict[str, str], seconds: float
) -> None:
    assert Response(status, headers).retry_after == seconds


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (503, {}),
        (503, {"Retry-After": ""}),
        (503, {"Retry-After": "-1"}),
        (503, {"Retry-After": "+1"}),
        (503, {"Retry-After": "1."}),
        (503, {"Retry-After": ".5"}),
        (503, {"Retry-After": "1,5"}),
        (503, {"Retry-After": "1e3"}),
        (503, {"Retry-After": "9" * 10}),
        (503, {"Retry-After": "9" * 5000}),
        (503, {"Retry-After": "\u0663"}),
        (503, {"Retry-After": "soon"}),
        (503, {"X-RateLimit-Reset": "784111837", "Date": DATE}),
        (429, {"X-RateLimit-Reset": "soon", "Date": DATE}),
        (429, {"X-RateLimit-Reset": "-1", "Date": DATE}),
        (429, {"X-RateLimit-Reset": "784111837000000", "Date": DATE}),
        (429, {"X-RateLimit-Reset": "784111837", "Date": DATE, "Retry-After": "nonsense"}),
        (429, {"X-RateLimit-Limit": "10"}),
    ],
)
def test_a_missing_or_malformed_value_is_ignored(status: int, headers: dict[str, str]) -> None:
    assert Response(status, headers).retry_after is None


@pytest.mark.parametrize("date", [{}, {"Date": "nonsense"}])
@pytest.mark.parametrize(
    "asked",
    [{"Retry-After": LATER}, {"X-RateLimit-Reset": "784111837"}, {"X-RateLimit-Reset": "60"}],
)
def test_without_a_date_the_local_clock_counts(date: Any, asked: Any) -> None:
    with mock.patch("usersmanager._values.dates.time.time", return_value=NOW):
        response = Response(429, {**date, **asked})
        assert response.retry_after == 60
        assert response.rate_limit is None or response.rate_limit.reset == NOW + 60


def test_a_repeated_field_is_ignored() -> None:
    assert Response(503, [("Retry-After", "1"), ("Retry-After", "2")]).retry_after is None
    assert (
        Response(429, [("X-RateLimit-Limit", "1"), ("X-RateLimit-Limit", "1")]).rate_limit is None
    )


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_any_value_results_in_a_number_or_none(after: str, date: str, reset: str) -> None:
    headers = {"Retry-After": after, "Date": date, "X-RateLimit-Reset": reset}
    for names in (headers, {"Date": date, "X-RateLimit-Reset": reset}):
        seconds = Response(429, names).retry_after
        assert seconds is None or seconds >= 0


@given(
    st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,3} [A-Za-z]{3} [0-9]{1,6} [0-9:]{1,9} [A-Z+\-0-9]{1,6}")
)
def test_anything_that_looks_like_a_date_results_in_a_number_or_none(date: str) -> None:
    seconds = Response(503, {"Retry-After": date, "Date": DATE}).retry_after
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("reset", "seconds"),
    [
        ("784111837", 60),
        ("784111836.25", 59.25),
        ("784111837000", 60),
        ("784111836250", 59.25),
        ("60", 60),
        ("0.5", 0.5),
        ("60, 60;w=60", 60),
        ("86400", 86400),
    ],
)
def test_the_size_of_a_reset_tells_what_it_counts(reset: str, seconds: float) -> None:
    response = Response(429, {"X-RateLimit-Reset": reset, "Date": DATE})
    assert response.retry_after == pytest.approx(seconds, abs=1e-3)
    assert response.rate_limit == (None, None, NOW + -(-seconds // 1))


FULL = RateLimit(100, 0, NOW + 30)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        # https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy
        (
            {
                "X-RateLimit-Limit": "100",
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": "784111807",
            },
            FULL,
        ),
        # https://developer.okta.com/docs/reference/rl-best-practices/
        (
            {
                "X-Rate-Limit-Limit": "100",
                "X-Rate-Limit-Remaining": "0",
                "X-Rate-Limit-Reset": "784111807",
            },
            FULL,
        ),
        # https://dev.twitch.tv/docs/api/guide/#twitch-rate-limits
        # https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/
        (
            {
                "Ratelimit-Limit": "100",
                "Ratelimit-Remaining": "0",
                "Ratelimit-Reset": "784111807",
            },
            FULL,
        ),
        # https://discord.com/developers/docs/topics/rate-limits
        (
            {
                "X-RateLimit-Limit": "100",
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset-After": "29.57",
            },
            FULL,
        ),
        # https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rate_limit_filter
        (
            {
                "x-ratelimit-limit": '100, 100;w=60;name="a"',
                "x-ratelimit-remaining": "0",
                "x-ratelimit-reset": "30",
            },
            FULL,
        ),
        # draft-ietf-httpapi-ratelimit-headers-03
        (
            {
                "RateLimit-Limit": "100, 100;w=60",
                "RateLimit-Remaining": "0",
                "RateLimit-Reset": "30",
            },
            FULL,
        ),
        # draft-ietf-httpapi-ratelimit-headers-07
        ({"RateLimit": "limit=100, remaining=0, reset=30", "RateLimit-Policy": "100;w=60"}, FULL),
        ({"RateLimit": "remaining=0,reset=30", "RateLimit-Policy": "100;w=60, 9;w=1"}, FULL),
        ({"RateLimit": "limit=100;w=60, remaining=0, reset=30", "RateLimit-Policy": "9;w=1"}, FULL),
        # draft-ietf-httpapi-ratelimit-headers-08 and later
        (
            {"RateLimit": '"default";r=0;t=30', "RateLimit-Policy": '"default";q=100;w=60'},
            FULL,
        ),
        (
            {
                "RateLimit": '"a, b"; r=5; t=99, "hour";r=0;t=3, "day";r=0;t=30;pk=:cHs=:',
                "RateLimit-Policy": '"a, b";q=7, "day";q=100;w=86400, "hour";q=8',
            },
            FULL,
        ),
        ({"RateLimit": '"day";r=1', "RateLimit-Policy": '"hour";q=8'}, RateLimit(None, 1, None)),
        ({"RateLimit-Policy": '"hour";q=8;w=3600'}, RateLimit(8, None, None)),
        ({"X-RateLimit-Limit": "100"}, RateLimit(100, None, None)),
        ({"X-RateLimit-Limit": "many", "X-Rate-Limit-Limit": "9"}, RateLimit(9, None, None)),
        ({"RateLimit": "soon", "RateLimit-Policy": '"', "X-RateLimit-Limit": "-1"}, None),
        ({}, None),
    ],
)
def test_the_rate_limit_is_read_in_every_spelling(
    headers: dict[str, str], expected: RateLimit | None
) -> None:
    response = Response(429, {**headers, "Date": DATE})
    assert response.rate_limit == expected
    if expected is FULL:
        assert response.retry_after == pytest.approx(30, abs=0.5)


@given(st.text('";,=rqtw05 -.a', max_size=30), st.text('";,=rqtw05 -.a', max_size=30))
def test_any_value_of_the_ietf_results_in_a_rate_limit_or_none(item: str, policy: str) -> None:
    response = Response(429, {"RateLimit": item, "RateLimit-Policy": policy})
    assert response.rate_limit is None or isinstance(response.rate_limit, RateLimit)
    assert response.retry_after is None or response.retry_after > 0


HOSTILE = ["1" * 60_000, '"' * 60_001, "a" * 60_000, ";" * 60_000, "a=1;" * 15_000, ' ;' * 30_000,
           '"a";r=1,' * 7_000, "1" + " " * 60_000 + "x"]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_value_is_read_in_linear_time(value: str) -> None:
    names = ["RateLimit", "RateLimit-Policy", "X-RateLimit-Reset", "X-RateLimit-Limit"]
    response = Response(429, dict.fromkeys(names, value))
    started = time.process_time()
    assert response.retry_after is None or response.retry_after > 0
    assert response.rate_limit is None or response.rate_limit.limit != 0
    assert time.process_time() - started < 2
