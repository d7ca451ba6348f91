"""Bearer challenges, as the standards define them and as providers send them."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usersmanager._operations.challenge import parse_bearer_challenge
from usersmanager._values.headers import Headers


def challenge(value: Any) -> tuple[str | None, str | None]:
    values = [value] if isinstance(value, str) else value
    headers = Headers([("WWW-Authenticate", each) for each in values])
    parameters = parse_bearer_challenge(headers, str)
    return parameters.get("error"), parameters.get("error_description")


@pytest.mark.parametrize(
    ("value", "error", "description"),
    [
        ('Bearer realm="Users", error="e", error_description="a, b=c"', "e", "a, b=c"),
        ("bearer error=e,error_description=d", "e", "d"),
        ('BEARER error = "e" , error_description = "d"', "e", "d"),
        (r'Bearer error="e", error_description="say \"x\" \\ \y"', "e", r'say "x" \ y'),
        ('Basic realm="x", Bearer error="e"', "e", None),
        ("Bearer  error=used", "used", None),
        ("Negotiate, Bearer error=e", "e", None),
        (['Basic realm="x"', 'Bearer error="e"'], "e", None),
        (['Bearer realm="x"', 'Bearer error="e"'], "e", None),
        ('Bearer error="e", Basic error="n"', "e", None),
        ('Bearer error="e", Bearer error="n", error_description="n"', "e", None),
        # Without a scheme.
        ('error="e", error_description="d"', "e", "d"),
        (' error_description="d", error="e"', "e", "d"),
        # In single quotes.
        ("Bearer error='e', error_description='a, b=c'", "e", "a, b=c"),
        ("Bearer error='e', error_description='the token's end' , x='y'", "e", "the token's end"),
        ("error='e' error_description='d' realm='x'", "e", "d"),
        ("Bearer error='e', error_description='cut off", "e", "cut off"),
        ("Bearer error='e', error_description=''", "e", ""),
        # Without quotes: up to a comma or the next parameter.
        (
            "Bearer error_description=The token expired at 1:00, try again, error=e",
            "e",
            "The token expired at 1:00",
        ),
        ("Bearer error_description=a token error=e", "e", "a token"),
        ("Bearer error=e, error_description=the user's token", "e", "the user's token"),
        # In UTF-8, which a transport decodes as ISO 8859-1.
        ('Bearer error="e", error_description="ungÃ¼ltig"', "e", "ungültig"),
        ('Bearer error="e", error_description="ung\xfcltig"', "e", "ungültig"),
        # No Bearer challenge with an error.
        ('Bearer realm="x", DPoP algs="ES256", error="n"', None, None),
        ('Digest error="n"', None, None),
        ("Bearer", None, None),
        ("", None, None),
        ('Bearer error="e', None, None),
        ('Bearer error_description="d"', None, None),
        ([], None, None),
    ],
)
def test_the_parameters_are_those_of_the_first_bearer_challenge_with_an_error(
    value: Any, error: str | None, description: str | None
) -> None:
    assert challenge(value) == (error, description)


@pytest.mark.parametrize("char", "!#$%&'*+-.^_`|~0a9Z")
def test_a_parameter_whose_name_only_ends_in_error_is_ignored(char: str) -> None:
    assert challenge(f"Bearer x{char}error=n, y{char}error_description=n") == (None, None)


def test_a_quoted_token_is_redacted_before_and_after_it_is_unescaped() -> None:
    headers = Headers([("WWW-Authenticate", r'Bearer error="e", error_description="a\b"')])
    redacted = parse_bearer_challenge(headers, lambda text: text.replace(r"a\b", "[redacted]"))
    assert redacted["error_description"] == "[redacted]"


@given(st.lists(st.sampled_from(["Bearer", "error", "=", '"', "'", ",", " ", "\\", "x"])))
def test_any_value_results_in_texts_or_none(parts: list[str]) -> None:
    error, _ = challenge("".join(parts))
    assert error is None or isinstance(error, str)


HOSTILE = [
    'Bearer a="' + "\\" * 200_000 + "," * 200_000 + " a " * 50_000,
    "Bearer " + "a=' " * 100_000,
    "Bearer " + "a='b' " * 100_000,
    "Bearer a='" + "' " * 200_000,
    "Bearer a='" + "'" * 200_000 + "x",
    "Bearer a='" + "' b" * 100_000,
    "Bearer " + 'a="' * 200_001,
    "Bearer a=" + "b " * 200_000,
    "Bearer a=" + "b  c =" * 100_000,
    "a" * 400_000,
    " " * 400_000,
    ", " * 200_000,
    ",a" * 200_000,
]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_value_is_read_in_linear_time(value: str) -> None:
    started = time.process_time()
    challenge(value)
    assert time.process_time() - started < 2
