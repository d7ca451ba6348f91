"""Header fields: the grammar, and the names that only the client sets."""

from __future__ import annotations

import re
import string
import weakref
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from usersmanager._values.headers import (
    HeaderInput,
    Headers,
    StaticHeaders,
    merge_headers,
)
from usersmanager._values.headers import explain_invalid_header as explain

RESERVED = [
    "Accept-Encoding", "Authorization", "Connection", "Content-Encoding", "Content-Length",
    "Cookie", "Cookie2", "Expect", "HTTP2-Settings", "Host", "Keep-Alive", "Proxy-Authorization",
    "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
]  # fmt: skip


@given(st.text(max_size=12))
def test_a_name_is_accepted_exactly_by_the_grammar(name: str) -> None:
    is_name = re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", name) is not None
    is_reserved = name.lower() in {one.lower() for one in RESERVED} or name.lower().startswith(
        "proxy-"
    )
    assert (explain(name, "x") is None) == (is_name and not is_reserved)


LATIN = [chr(number) for number in range(256)]


def test_a_name_holds_token_characters_and_nothing_else() -> None:
    token = string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~"
    assert {char for char in LATIN if explain(f"X{char}Y", "x") is None} == set(token)


def test_a_value_holds_printable_characters_and_blanks_only_within() -> None:
    printable = {char for char in LATIN if "!" <= char <= "~"}
    assert {char for char in LATIN if explain("X", f"a{char}b") is None} == printable | {" "}
    for first, last in (("", ""), ("", "b"), ("a", "")):
        assert {char for char in LATIN if explain("X", first + char + last) is None} == printable


@given(st.text(max_size=12) | st.text(st.characters(max_codepoint=0x100), max_size=6))
def test_a_value_is_accepted_exactly_if_it_is_printable_without_outer_blanks(value: str) -> None:
    good = all("\x20" <= char <= "\x7e" for char in value) and value == value.strip(" ")
    assert (explain("X-Name", value) is None) == good


@pytest.mark.parametrize("name", RESERVED)
@pytest.mark.parametrize("spell", [str, str.lower, str.upper, str.swapcase])
def test_framing_and_credentials_are_refused_in_any_letter_case(name: str, spell: object) -> None:
    assert "can only be set by the client" in str(explain(spell(name), "x"))  # type: ignore[operator]


@pytest.mark.parametrize("value", ["a\r\n X-Evil: 1", "a\0", "a\x7f", "é", "a\tb", 7, None, b"x"])
def test_a_refused_value_is_not_quoted(value: object) -> None:
    assert str(value) not in str(explain("X-Name", value)).replace("X-Name", "")


def test_what_is_wrong_with_a_name_is_told() -> None:
    assert explain("a b", "x") == "a header name is not an HTTP token (RFC 9110, section 5.6.2)"


def test_a_name_given_twice_is_refused_whatever_its_letter_case() -> None:
    assert "twice" in str(merge_headers(Headers({}), [("X-A", "1"), ("x-a", "2")]))


def over(base: Headers, fields: HeaderInput | StaticHeaders) -> Headers:
    """The fields that are to be, since nothing is wrong with them."""
    changed = merge_headers(base, fields)
    assert isinstance(changed, Headers)
    return changed


def test_setting_a_field_takes_the_place_of_any_of_its_name() -> None:
    base = Headers([("X-A", "1"), ("X-B", "2")])
    assert over(base, [("x-a", "3")]).getall("X-A") == ["3"]
    assert base["X-A"] == "1"


def test_frozen_headers_keep_repeated_fields_and_ignore_letter_case() -> None:
    assert Headers([("Link", "a"), ("LINK", "b")]).getall("link") == ["a", "b"]
    assert Headers({"A": "1"})["a"] == "1"
    assert Headers(Headers({"A": "1"}))["a"] == "1"


def test_frozen_headers_do_not_change_with_what_they_were_made_of() -> None:
    mine = {"X-A": "1"}
    frozen = Headers(mine)
    mine["X-A"] = "2"
    assert frozen["X-A"] == "1"


def test_fields_are_a_mapping_and_the_text_that_is_sent() -> None:
    fields = Headers([("X-A", "1"), ("X-B", "2"), ("x-a", "3")])
    assert fields.getall("x-A") == ["1", "3"]
    assert fields.text() == "X-A: 1\r\nX-B: 2\r\nx-a: 3\r\n"
    assert fields.text() == "X-A: 1\r\nX-B: 2\r\nx-a: 3\r\n"
    assert Headers({}).text() == ""


def test_fields_do_not_change_with_a_view_that_they_were_made_of() -> None:
    mine = CIMultiDict({"X-A": "1"})
    fields = Headers(CIMultiDictProxy(mine))
    mine["X-A"] = "2"
    assert (fields["X-A"], fields.text()) == ("1", "X-A: 1\r\n")


def test_fields_do_not_show_their_values() -> None:
    assert "hush" not in repr(Headers({"X-Key": "hush"}))


def test_static_headers_are_set_as_any_others() -> None:
    base = Headers([("X-A", "1"), ("X-B", "2")])
    fields = {"x-a": "3", "X-C": "4"}
    assert over(base, StaticHeaders(fields)) == over(base, fields)


def test_static_headers_are_put_over_the_same_fields_once() -> None:
    base, static, other = (
        Headers({"X-A": "1"}),
        StaticHeaders({"X-B": "2"}),
        StaticHeaders({"X-B": "3"}),
    )
    assert merge_headers(base, static) is merge_headers(base, static)
    for one, value in ((other, "3"), (static, "2"), (other, "3")):
        assert over(base, one) == Headers({"X-A": "1", "X-B": value})


def test_nothing_is_kept_of_fields_that_are_other_ones_each_time() -> None:
    base, static = Headers({"X-A": "1"}), StaticHeaders({"X-B": "2"})
    for mine in ({"X-A": "one user's"}, {"X-A": "another's"}, {"X-C": "3"}):
        users = merge_headers(base, mine)
        assert isinstance(users, Headers)
        assert over(users, static) == Headers({"X-A": "1"} | mine | {"X-B": "2"})
        kept = weakref.ref(users)
        del users
        assert kept() is None


@pytest.mark.parametrize("fields", [7, "X-Key: hush", ["X-Key: hush"], [("X-Key",)], [None]])
def test_what_are_no_fields_is_told_without_being_quoted(fields: Any) -> None:
    for one in (fields, StaticHeaders(fields)):
        assert merge_headers(Headers({}), one) == (
            "header fields must be a mapping of names and values"
        )


def test_static_headers_that_are_wrong_are_wrong_each_time() -> None:
    base, static = Headers({}), StaticHeaders({"Host": "evil.example"})
    for _ in range(2):
        assert "can only be set by the client" in str(merge_headers(base, static))


def test_static_headers_do_not_change_with_what_they_were_made_of_nor_show_it() -> None:
    mine = {"X-Key": "hush"}
    static = StaticHeaders(mine)
    mine["X-Key"] = "changed"
    assert over(Headers({}), static) == Headers({"X-Key": "hush"})
    assert "hush" not in repr(static)
