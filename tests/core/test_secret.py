"""Tokens: their grammar, and that they are never shown."""

from __future__ import annotations

import copy
import pickle
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usersmanager import ArgumentError
from usersmanager._values.token import Secret, is_bearer_token
from usersmanager.plugins import Token

B64TOKEN = r"[A-Za-z0-9\-._~+/]+=*"


@given(st.from_regex(B64TOKEN, fullmatch=True))
def test_every_b64token_is_a_token(text: str) -> None:
    assert Token(text).reveal() == text


def test_a_token_holds_these_characters_and_nothing_else() -> None:
    allowed = set(string.ascii_letters + string.digits + "-._~+/")
    latin = [chr(number) for number in range(256)]
    assert {char for char in latin if is_bearer_token(f"a{char}b")} == allowed
    assert {char for char in latin if is_bearer_token(f"a{char}")} == allowed | {"="}
    assert {char for char in latin if is_bearer_token(char)} == allowed


@given(st.text(max_size=30) | st.from_regex(B64TOKEN + r"[\n=]?", fullmatch=True))
def test_a_token_is_accepted_exactly_by_the_grammar(text: str) -> None:
    assert is_bearer_token(text) == bool(re.fullmatch(B64TOKEN, text))


OTHER = "it contains characters not allowed in a bearer token (RFC 6750, section 2.1)"


@pytest.mark.parametrize(
    ("bad", "advice"),
    [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("Bearer hush", "remove the 'Bearer ' prefix"),
        (" bearer\thush\n", "remove the 'Bearer ' prefix"),
        ("Bearer ", "remove the 'Bearer ' prefix"),
        ("hush\n", "it has leading or trailing whitespace: strip it"),
        ("\r\n hush==", "it has leading or trailing whitespace: strip it"),
        ("hush\N{NO-BREAK SPACE}", "it has leading or trailing whitespace: strip it"),
        ("hush hush", OTHER),
        ("hush\r\nX: y", OTHER),
        ("Bearerhush bearer hush", OTHER),
        ("hüsh", OTHER),
        ("hush\0", OTHER),
        ("=", OTHER),
        ("hush=hush", OTHER),
        ('"hush"', OTHER),
        (None, "it must be a str, not NoneType"),
        (7, "it must be a str, not int"),
        (b"hush", "it must be a str, not bytes"),
        (["hush"], "it must be a str, not list"),
    ],
)
def test_what_is_no_b64token_is_refused_with_advice_that_quotes_nothing(
    bad: object, advice: str
) -> None:
    with pytest.raises(ArgumentError) as caught:
        Token(bad)  # type: ignore[arg-type] # Callers without a type checker do this.
    assert str(caught.value) == f"Invalid access token: {advice}"


@given(st.text(max_size=30).filter(lambda text: not is_bearer_token(text)))
def test_there_is_advice_for_every_text(text: str) -> None:
    with pytest.raises(ArgumentError, match=r"^Invalid access token: \w"):
        Token(text)


@pytest.mark.parametrize("show", [repr, str, format, lambda value: f"{value!a}", lambda v: [v]])
def test_a_token_is_never_shown(show: object) -> None:
    assert "hush" not in str(show(Token("hush")))  # type: ignore[operator]


def test_a_secret_shows_its_kind_alone() -> None:
    assert repr(Token("hush")) == "<Token>"
    assert repr(Secret("hush")) == "<Secret>"
    with pytest.raises(TypeError, match=r"^a Token is not pickled, so that it can't leak$"):
        pickle.dumps(Token("hush"))


def test_no_token_is_a_token_that_reveals_nothing() -> None:
    assert isinstance(Token.empty(), Token)
    assert Token.empty().reveal() == ""


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_token_is_never_pickled_or_copied(protocol: int) -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Token("hush"), protocol)
    with pytest.raises(TypeError, match="not pickled"):
        copy.copy(Secret({"token": "hush"}))


def test_a_token_has_no_dict_to_look_into() -> None:
    with pytest.raises(TypeError):
        vars(Token("hush"))
