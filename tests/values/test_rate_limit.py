"""Retry-After and X-RateLimit headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usersmanager import RateLimit, Response

DATE = "Sun, 06 Nov 1994 08:49:37 GMT"  # 784111777 seconds since the epoch.


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (503, {"Retry-After": "0"}, 0),
        (503, {"Retry-After": "120"}, 120),
        (503, {"Retry-After": " 120 "}, 120),
        (429, {"Retry-After": "999999999"}, 999999999),
        (503, {"Retry-After": "Sun, 06 Nov 1994 08:50:37 GMT", "Date": DATE}, 60),
        (503, {"Retry-After": "Sunday, 06-Nov-94 08:50:37 GMT", "Date": DATE}, 60),
        (503, {"Retry-After": "Sun Nov  6 08:50:37 1994", "Date": DATE}, 60),
        (503, {"Retry-After": "Sun, 06 Nov 1994 08:00:00 GMT", "Date": DATE}, 0),
        (429, {"X-RateLimit-Reset": "784111837", "Date": DATE}, 60),
        (429, {"X-RateLimit-Reset": "784111700", "Date": DATE}, 0),
        (429, {"X-RateLimit-Reset": "784111837", "Date": DATE, "Retry-After": "7"}, 7),
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
        (503, {"Retry-After": "1.5"}),
        (503, {"Retry-After": "9" * 10}),
        (503, {"Retry-After": "9" * 5000}),
        (503, {"Retry-After": "٣"}),
        (503, {"Retry-After": "soon"}),
        (503, {"Retry-After": "Sun, 06 Nov 1994 08:50:37 GMT"}),
        (503, {"Retry-After": "Sun, 99 Nov 1994 99:99:99 GMT", "Date": "nonsense"}),
        (503, {"X-RateLimit-Reset": "784111837", "Date": DATE}),
        (429, {"X-RateLimit-Reset": "784111837"}),
        (429, {"X-RateLimit-Reset": "soon", "Date": DATE}),
        (429, {"X-RateLimit-Reset": "784111837", "Date": DATE, "Retry-After": "nonsense"}),
    ],
)
def test_a_missing_or_malformed_value_is_ignored(status: int, headers: dict[str, str]) -> None:
    assert Response(status, headers).retry_after is None


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


def test_the_rate_limit_headers_are_read() -> None:
    headers = {
        "X-RateLimit-Limit": "10",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "1700000000",
    }
    assert Response(200, headers).rate_limit == RateLimit(10, 0, 1700000000)
    assert Response(200, {"X-RateLimit-Limit": "10"}).rate_limit == RateLimit(10, None, None)
    assert Response(200).rate_limit is None
