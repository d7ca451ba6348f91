"""User ids as path segments."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usersmanager import ArgumentError
from usersmanager._values.user_ids import check_user_id, encode_path_segment

ORDINARY = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=256)


@given(ORDINARY.filter(lambda text: text.strip() and text not in (".", "..")))
def test_an_ordinary_user_id_round_trips_through_one_path_segment(user_id: str) -> None:
    segment = encode_path_segment(user_id)
    assert segment is not None
    assert unquote(segment) == user_id
    assert segment.isascii()
    assert not set(segment) & set("/?#\\ ")


def test_a_user_id_is_not_normalized() -> None:
    assert encode_path_segment("auth0|a/b c%2F../é") == "auth0%7Ca%2Fb%20c%252F..%2F%C3%A9"
    assert encode_path_segment("e\u0301") != encode_path_segment("é")


def test_a_missing_user_id_has_the_reference_message() -> None:
    with pytest.raises(ArgumentError, match=r"^You must specify a user ID$"):
        check_user_id(None)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        " ",
        "\t",
        ".",
        "..",
        "a\0b",
        "a\nb",
        "a\x7f",
        "a\x85",
        *map(chr, (0xD800, 0xDABC, 0xDFFF)),
        "x" * 257,
        7,
        b"a",
    ],
)
def test_an_invalid_user_id_has_the_reference_message(bad: object) -> None:
    assert encode_path_segment(bad) is None
    with pytest.raises(ArgumentError, match=r"^The user ID is not valid$"):
        check_user_id(bad)


@pytest.mark.parametrize("user_id", ["x" * 256, "...", "a..b", " a"])
def test_an_unusual_but_valid_user_id_is_accepted(user_id: str) -> None:
    check_user_id(user_id)
    assert unquote(encode_path_segment(user_id) or "") == user_id
