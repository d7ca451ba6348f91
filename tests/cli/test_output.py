"""Formatting of untrusted text, which may contain control sequences of a terminal."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from usersmanager.cli.output import escape_control_characters, format_json, format_value

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.text())
def test_escaped_text_is_printable(text):
    assert escape_control_characters(text).isprintable()


@given(st.text().filter(str.isprintable))
def test_printable_text_is_not_changed(text):
    assert escape_control_characters(text) == text


@given(VALUES)
@example("\x7f\x9b\u2028")
def test_every_value_is_one_printable_line(value):
    assert format_value(value).isprintable()


@given(VALUES)
@example("\x7f\x9b\u2028")
def test_json_is_printable_ascii_and_loses_nothing(value):
    text = format_json(value)
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert json.loads(text) == value


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\x7f\x9b", r"\x7f\x9b"),
        ("\u202e\u2028\U000e0001", r"\u202e\u2028\U000e0001"),
        ("Zoë 字 🙂 [bold]", "Zoë 字 🙂 [bold]"),
    ],
)
def test_control_characters_are_escaped_as_python_does(text, escaped):
    assert escape_control_characters(text) == escaped
