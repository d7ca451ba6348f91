"""Untrusted text, and everything a terminal could take for a command in it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usersmanager.cli.output import as_json, as_text, safe

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.text())
def test_safe_text_is_printable(text):
    assert safe(text).isprintable()


@given(st.text().filter(str.isprintable))
def test_printable_text_stays_as_it_is(text):
    assert safe(text) == text


@given(VALUES)
def test_any_claim_is_one_printable_line(value):
    assert as_text(value).isprintable()


@given(VALUES)
def test_json_is_printable_ascii_and_loses_nothing(value):
    written = as_json(value)
    assert written.isascii()
    assert written.replace("\n", "").isprintable()
    assert json.loads(written) == value


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\x7f\x9b", r"\x7f\x9b"),
        ("\u202e\u2028\U000e0001", r"\u202e\u2028\U000e0001"),
        ("Zoë 字 🙂 [bold]", "Zoë 字 🙂 [bold]"),
    ],
)
def test_escapes_are_those_of_python(text, shown):
    assert safe(text) == shown
