"""Tokens: their grammar, and that they are never shown."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usersmanager import ArgumentError
from usersmanager._values.token import Secret, is_bearer_token
from usersmanager.plugins import Token

VISIBLE = set(map(chr, range(0x21, 0x7F))) - {",", '"'}


@given(st.text(st.sampled_from(sorted(VISIBLE)), min_size=1))
def test_a_token_is_any_visible_ascii_without_comma_and_double_quote(text: str) -> None:
    assert Token(text).reveal() == text


def test_a_token_may_contain_no_other_character() -> None:
    latin = [chr(number) for number in range(256)]
    for template in ("{}", "a{}", "{}a", "a{}b"):
        accepted = {char for char in latin if is_bearer_token(Secret(template.format(char)))}
        assert accepted == VISIBLE


OTHER = "characters not allowed"


@pytest.mark.parametrize(
    ("bad", "advice"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("Bearer hush", "prefix"),
        (" bearer\thush\n", "prefix"),
        ("Bearer ", "prefix"),
        ("hush\n", "strip it"),
        ("\r\n hush==", "strip it"),
        ("hush\N{NO-BREAK SPACE}", "strip it"),
        ("hush hush", OTHER),
        ("hush\r\nX: y", OTHER),
        ("Bearerhush bearer hush", OTHER),
        ("hüsh", OTHER),
        ("hush\0", OTHER),
        ("hush,hush", OTHER),
        ('"hush"', OTHER),
        (None, "not NoneType"),
        (7, "not int"),
        (b"hush", "not bytes"),
        (["hush"], "not list"),
    ],
)
def test_anything_but_a_token_is_rejected_with_advice_that_does_not_quote_it(
    bad: object, advice: str
) -> None:
    with pytest.raises(ArgumentError) as caught:
        Token(bad)  # type: ignore[arg-type] # Callers without a type checker do this.
    assert str(caught.value).startswith("Invalid access token: ")
    assert advice in str(caught.value)
    assert "hush" not in str(caught.value)


@given(st.text(max_size=30).filter(lambda text: not is_bearer_token(Secret(text))))
def test_there_is_advice_for_every_invalid_text(text: str) -> None:
    with pytest.raises(ArgumentError, match=r"^Invalid access token: \w"):
        Token(text)


@pytest.mark.parametrize("show", [repr, str, format, lambda value: f"{value!a}", lambda v: [v]])
def test_a_token_is_never_shown(show: object) -> None:
    assert "hush" not in str(show(Token("hush")))  # type: ignore[operator]


def test_the_repr_of_a_secret_is_its_type() -> None:
    assert repr(Token("hush")) == "<Token>"
    assert repr(Secret("hush")) == "<Secret>"


def test_an_empty_token_reveals_an_empty_string() -> None:
    assert isinstance(Token.empty(), Token)
    assert Token.empty().reveal() == ""


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_can_not_be_pickled_or_copied(protocol: int) -> None:
    with pytest.raises(TypeError, match="Token can't be pickled"):
        pickle.dumps(Token("hush"), protocol)
    with pytest.raises(TypeError, match="can't be pickled"):
        copy.copy(Secret({"token": "hush"}))


def test_a_token_has_no_instance_dict() -> None:
    with pytest.raises(TypeError):
        vars(Token("hush"))
