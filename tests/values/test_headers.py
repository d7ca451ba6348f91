"""Header fields: the grammar, and the names that only the client may set."""

from __future__ import annotations

import re
import string
import sys
import weakref
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from usersmanager import ArgumentError
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
def test_a_name_is_accepted_if_and_only_if_it_is_a_token_and_not_reserved(name: str) -> None:
    is_name = re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", name) is not None
    is_reserved = name.lower() in {
        reserved.lower() for reserved in RESERVED
    } or name.lower().startswith("proxy-")
    assert (explain(name, "x") is None) == (is_name and not is_reserved)


LATIN = [chr(number) for number in range(256)]


def test_a_name_may_contain_exactly_the_token_characters() -> None:
    token = string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~"
    assert {char for char in LATIN if explain(f"X{char}Y", "x") is None} == set(token)


def test_a_value_may_contain_printable_characters_and_inner_spaces() -> None:
    printable = {char for char in LATIN if "!" <= char <= "~"}
    assert {char for char in LATIN if explain("X", f"a{char}b") is None} == printable | {" "}
    for first, last in (("", ""), ("", "b"), ("a", "")):
        assert {char for char in LATIN if explain("X", first + char + last) is None} == printable


@given(st.text(max_size=12) | st.text(st.characters(max_codepoint=0x100), max_size=6))
def test_a_value_is_accepted_if_and_only_if_it_is_printable_without_outer_spaces(
    value: str,
) -> None:
    good = all("\x20" <= char <= "\x7e" for char in value) and value == value.strip(" ")
    assert (explain("X-Name", value) is None) == good


@pytest.mark.parametrize("spell", [str, str.lower, str.upper, str.swapcase])
def test_a_reserved_name_is_rejected_in_any_letter_case(spell: Callable[[str], str]) -> None:
    problems = {name: str(explain(spell(name), "x")) for name in RESERVED}
    expected = "can only be set by the client"
    assert {name: text for name, text in problems.items() if expected not in text} == {}


@pytest.mark.parametrize("value", ["a\r\n X-Evil: 1", "a\0", "a\x7f", "é", "a\tb", 7, None, b"x"])
def test_a_rejected_value_is_not_quoted(value: object) -> None:
    assert str(value) not in str(explain("X-Name", value)).replace("X-Name", "")


def test_an_invalid_name_is_explained_without_being_quoted() -> None:
    problem = str(explain("a b", "x"))
    assert "not an HTTP token" in problem
    assert "a b" not in problem


def test_a_name_given_twice_is_rejected_in_any_letter_case() -> None:
    assert "twice" in str(merge_headers(Headers({}), [("X-A", "1"), ("x-a", "2")]))


def merged(base: Headers, fields: HeaderInput | StaticHeaders) -> Headers:
    """Merge valid fields."""
    headers = merge_headers(base, fields)
    assert isinstance(headers, Headers)
    return headers


def test_a_merged_field_replaces_any_of_the_same_name() -> None:
    base = Headers([("X-A", "1"), ("X-B", "2")])
    assert merged(base, [("x-a", "3")]).getall("X-A") == ["3"]
    assert base["X-A"] == "1"


def test_headers_can_be_made_of_others() -> None:
    assert Headers(Headers({"A": "1"}))["a"] == "1"


def test_headers_copy_a_mapping() -> None:
    mine = {"X-A": "1"}
    headers = Headers(mine)
    mine["X-A"] = "2"
    assert headers["X-A"] == "1"


def test_headers_keep_repeated_fields_and_are_the_text_to_send() -> None:
    fields = Headers([("X-A", "1"), ("X-B", "2"), ("x-a", "3")])
    assert fields.getall("x-A") == ["1", "3"]
    for _ in range(2):  # The second text is the one that was kept.
        assert fields.text() == "X-A: 1\r\nX-B: 2\r\nx-a: 3\r\n"
    assert Headers({}).text() == ""


def test_headers_copy_a_multidict_proxy() -> None:
    mine = CIMultiDict({"X-A": "1"})
    fields = Headers(CIMultiDictProxy(mine))
    mine["X-A"] = "2"
    assert (fields["X-A"], fields.text()) == ("1", "X-A: 1\r\n")


def test_the_repr_of_headers_contains_names_and_no_value() -> None:
    assert repr(Headers({"X-Key": "hush", "Accept": "hush"})) == "<Headers X-Key, Accept>"


def test_static_headers_are_merged_like_others() -> None:
    base = Headers([("X-A", "1"), ("X-B", "2")])
    fields = {"x-a": "3", "X-C": "4"}
    assert merged(base, StaticHeaders(fields)) == merged(base, fields)


def test_static_headers_are_merged_only_once_into_the_same_headers() -> None:
    base, static, other = (
        Headers({"X-A": "1"}),
        StaticHeaders({"X-B": "2"}),
        StaticHeaders({"X-B": "3"}),
    )
    assert merge_headers(base, static) is merge_headers(base, static)
    for fields, value in ((other, "3"), (static, "2"), (other, "3")):
        assert merged(base, fields) == Headers({"X-A": "1", "X-B": value})


def test_headers_that_differ_for_each_user_are_not_kept() -> None:
    base, static = Headers({"X-A": "1"}), StaticHeaders({"X-B": "2"})
    for mine in ({"X-A": "one user's"}, {"X-A": "another's"}, {"X-C": "3"}):
        users = merge_headers(base, mine)
        assert isinstance(users, Headers)
        assert merged(users, static) == Headers({"X-A": "1"} | mine | {"X-B": "2"})
        kept = weakref.ref(users)
        del users
        assert kept() is None


def test_threads_that_share_headers_each_get_their_own_fields() -> None:
    base, mine, other = Headers(), StaticHeaders({"X-B": "2"}), StaticHeaders({"X-B": "3"})

    def act_as_another_thread(frame: FrameType, event: str, argument: object) -> Any:
        if frame.f_code is not Headers.merged_once.__code__:
            return None
        merged(base, other)  # Between any two lines. It is not traced itself.
        return act_as_another_thread

    previous = sys.gettrace()
    sys.settrace(act_as_another_thread)
    try:
        results = [merged(base, mine) for _ in range(2)]
    finally:
        sys.settrace(previous)
    assert [result["X-B"] for result in results] == ["2", "2"]


@pytest.mark.parametrize("fields", [7, "X-Key: hush", ["X-Key: hush"], [("X-Key",)], [None]])
def test_anything_but_fields_is_explained_without_being_quoted(fields: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        StaticHeaders(fields)
    for problem in (str(merge_headers(Headers({}), fields)), str(caught.value)):
        assert "must be a mapping" in problem
        assert "hush" not in problem


def test_malformed_static_headers_are_rejected_at_once_and_shown_in_no_frame() -> None:
    with pytest.raises(ArgumentError, match="can only be set by the client") as caught:
        StaticHeaders({"Host": "hush"})
    frame = caught.traceback[-1].frame
    assert frame.code.name == "__init__"
    assert "hush" not in str(frame.f_locals)


def test_static_headers_copy_a_mapping_and_do_not_show_it() -> None:
    mine = {"X-Key": "hush"}
    static = StaticHeaders(mine)
    mine["X-Key"] = "changed"
    assert merged(Headers({}), static) == Headers({"X-Key": "hush"})
    assert "hush" not in repr(static)
