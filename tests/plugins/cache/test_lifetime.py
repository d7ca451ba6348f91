"""How long an entry answers, by two clocks and by the end of its token."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.cache.calling import JSON, Caller
from tests.plugins.cache.clocks import DATE, EPOCH, Clocks
from tests.plugins.cache.support import SCOPE, encode, jwt

from usersmanager import Response
from usersmanager.plugins import Secret, Token
from usersmanager_cache.clock import Instant
from usersmanager_cache.entry import Entry
from usersmanager_cache.lifetime import jitter, token_expiry


def test_an_entry_answers_until_its_age_is_the_maximum(caller: Any, clocks: Clocks) -> None:
    call = caller(max_age=60)
    call()
    clocks.advance(59.9)
    call()
    assert call.requests == 1
    clocks.advance(0.1)
    assert call().get("version") == 2


def test_a_hit_does_not_extend_the_lifetime(caller: Any, clocks: Clocks) -> None:
    call = caller(max_age=60)
    for _ in range(7):
        call()
        clocks.advance(10)
    assert call.requests == 2


def test_a_lifetime_is_shortened_at_random_by_a_tenth_at_most(caller: Any, clocks: Clocks) -> None:
    shares = [jitter() for _ in range(1000)]
    assert 0.9 <= min(shares) < 0.92
    assert 0.98 < max(shares) <= 1.0
    clocks.share = 0.9
    call = caller(max_age=60)
    call()
    clocks.advance(54)
    call()
    assert call.requests == 2


def test_the_age_counts_from_before_the_request(caller: Any, clocks: Clocks) -> None:
    call = caller(max_age=60)
    profile = call.provider.profile

    def slow(request: Any) -> Response:
        clocks.advance(20)
        return profile(request)

    call.provider.profile = slow
    call()
    clocks.advance(39)
    call()
    assert call.requests == 1
    clocks.advance(1)
    call()
    assert call.requests == 2


@pytest.mark.parametrize(
    ("monotonic", "wall", "requests"),
    [
        (30, 30, 1),
        (0, 30, 1),
        (0, 60, 2),  # The machine was suspended.
        (60, 0, 2),
        (60, -3600, 2),  # The clock was set back.
        (59, -3600, 1),
        (1, 3600, 2),  # The clock was set forward.
    ],
)
def test_the_age_is_the_larger_of_the_two_clocks(
    caller: Any, clocks: Clocks, monotonic: float, wall: float, requests: int
) -> None:
    call = caller(max_age=60)
    call()
    clocks.monotonic += monotonic
    clocks.wall += wall
    call()
    assert call.requests == requests


def assert_entry_answers_for(seconds: float, call: Caller, clocks: Clocks, token: str) -> None:
    """Assert that the profile of a token is kept for so long; not at all for 0 seconds."""
    call(token)
    assert (call.stats.entries == 0) is (seconds == 0)
    clocks.advance(max(0, seconds - 0.1))
    call(token)
    assert call.requests == (2 if seconds == 0 else 1)
    clocks.advance(0.1)
    call(token)
    assert call.requests == (3 if seconds == 0 else 2)


@pytest.mark.parametrize(
    ("exp", "date", "seconds"),
    [
        (EPOCH + 10, DATE, 10),
        (EPOCH + 10, None, 10),
        (EPOCH + 10.5, DATE, 10.5),
        (EPOCH + 3600, DATE, 60),
        (EPOCH, DATE, 0),
        (EPOCH - 3600, None, 0),
        # The clock of the provider counts, not this machine's.
        (EPOCH + 10, "Sun, 06 Nov 1994 08:49:32 GMT", 15),
        (EPOCH + 10, "Sun, 06 Nov 1994 08:49:42 GMT", 5),
        (EPOCH + 10, "nonsense", 10),
    ],
)
def test_an_entry_does_not_outlive_its_token(
    caller: Any, clocks: Clocks, exp: float, date: str | None, seconds: float
) -> None:
    call, token = caller(max_age=60), jwt({"exp": exp})
    fields = JSON if date is None else JSON | {"Date": date}
    call.provider.outcome = Response(200, fields, b'{"sub": "ada"}')
    assert_entry_answers_for(seconds, call, clocks, token)


@pytest.mark.parametrize(
    ("token_exp", "profile_exp", "seconds"),
    [
        (None, EPOCH + 10, 10),
        (EPOCH + 20, EPOCH + 10, 10),
        (EPOCH + 10, EPOCH + 20, 10),
        (EPOCH + 10, "20", 10),
        (None, EPOCH + 3600, 60),
        (None, True, 60),
        (None, 10**400, 60),
        (None, EPOCH, 0),
    ],
)
def test_an_entry_does_not_outlive_the_exp_of_its_profile(
    caller: Any, clocks: Clocks, token_exp: float | None, profile_exp: Any, seconds: float
) -> None:
    call = caller(max_age=60)
    token = "opaque" if token_exp is None else jwt({"exp": token_exp})
    body = json.dumps({"sub": "ada", "exp": profile_exp}).encode()
    call.provider.outcome = Response(200, JSON | {"Date": DATE}, body)
    assert_entry_answers_for(seconds, call, clocks, token)


@pytest.mark.parametrize("date", ["Sun, 06 Nov 1994 07:49:37 GMT", DATE, None])
def test_no_date_prolongs_a_profile_beyond_its_exp(
    caller: Any, clocks: Clocks, date: str | None
) -> None:
    call = caller(max_age=60)
    body = json.dumps({"sub": "ada", "exp": EPOCH + 10}).encode()
    fields = JSON if date is None else JSON | {"Date": date}
    call.provider.outcome = Response(200, fields, body)
    call()
    clocks.advance(10)
    call()
    assert call.requests == 2


@pytest.mark.parametrize(
    "token",
    [
        "opaque",
        "a.b.c",
        "a.b",
        f"{jwt({'exp': 1})}.d.e",
        f"a.{encode(b'{')}.c",
        f"a.{encode(bytes([255]))}.c",
        f"a.{encode(b'[' * 10_000)}.c",
        *map(jwt, ([], "exp", 7, None, {})),
        *(jwt({"exp": value}) for value in (None, "1", True, [1], {}, math.nan, math.inf)),
        jwt(b'{"exp": 1' + b"0" * 400 + b"}"),
        jwt(b'{"exp": 1e999}'),
    ],
)
def test_without_a_finite_exp_the_maximum_age_counts(token: str) -> None:
    assert token_expiry(Token(token)) is None


@settings(max_examples=30)
@given(st.from_regex(r"[A-Za-z0-9\-._~+/]{1,60}=*", fullmatch=True))
def test_any_token_has_an_end_or_none(token: str) -> None:
    expiry = token_expiry(Token(token))
    assert expiry is None or math.isfinite(expiry)


# Entries of a shared store.


def entry_at(now: Instant, **changes: Any) -> Entry:
    settings: dict[str, Any] = {"asked": now, "fresh": 60.0, "end": math.inf, **changes}
    return Entry(SCOPE, Response(200, JSON, b'{"sub":\n "ada"}'), **settings)


@pytest.mark.parametrize("end", [math.inf, 100.5])
def test_an_entry_is_encoded_and_decoded(end: float) -> None:
    now = Instant(1000.0, EPOCH)
    decoded = Entry.decode(Secret(entry_at(now, end=end).encode()), Instant(5.0, EPOCH + 10))
    assert decoded is not None
    assert decoded.scope == SCOPE
    assert (decoded.response.status, dict(decoded.response.headers)) == (200, JSON)
    assert decoded.response.body == b'{"sub":\n "ada"}'
    assert (decoded.fresh, decoded.end) == (60, end)


@pytest.mark.parametrize(
    ("wall", "age"),
    [(0, 0), (30, 30), (3600, 3600), (-1, 0), (-5, 0), (-5.1, None), (-3600, None)],
)
def test_the_wall_clock_counts_for_an_entry_of_another_process(
    wall: float, age: float | None
) -> None:
    content = entry_at(Instant(1000.0, EPOCH)).encode()
    now = Instant(5.0, EPOCH + wall)
    decoded = Entry.decode(Secret(content), now)
    if age is None:
        assert decoded is None
    else:
        assert decoded is not None
        assert decoded.asked.age(now) == age


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"nonsense\nbody",
        b"[]\nbody",
        b"{}\nbody",
        b'[["o","m","u","s",[],[]],"t",1,2]\n',
        b'[["o","m","u","s",[],[]],"t",1,2,3,4]\n',
        b'[["o","m","u","s",[["a"]],[]],"t",1,2,3]\n',
        b'[["o","m","u","s",[],["a"]],"t",1,2,3]\n',
        b'[["o","m","u","s",[]],"t",1,2,3]\n',
        b'[["o","m"],"t",1,2,3]\n',
        b'[["o","m","u","s",[],[]],"t","x",2,3]\n',
        b'[["o","m","u","s",[],[]],"t",1,null,3]\n',
        b'[["o","m","u","s",[],[]],"t",1' + b"0" * 400 + b",2,3]\n",
        b"[" * 100_000,
    ],
)
def test_a_malformed_entry_is_none(content: bytes) -> None:
    assert Entry.decode(Secret(content), Instant(5.0, EPOCH)) is None


def test_the_repr_of_an_entry_shows_nothing_of_it() -> None:
    entry = entry_at(Instant(1000.0, EPOCH))
    assert "ada" not in repr(entry)
    assert "tenant" not in repr(entry) + repr(entry.scope)
