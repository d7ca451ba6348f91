"""Texts from the server that are shown: short, printable, without a token."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import make_request

from usersmanager._operations.error_text import sanitize
from usersmanager.plugins import Token

TOKEN = "s-2XJ3SIl7Nk_oTq!|x"
REQUEST = make_request(token=Token(TOKEN))
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (None, None),
        ("", None),
        (" \n\u202e ", None),
        ("Das Token ist ungültig", "Das Token ist ungültig"),
        ("アクセストークンの有効期限", "アクセストークンの有効期限"),
        ("توکن نامعتبر است", "توکن نامعتبر است"),
        ("نمی\u200cشود", "نمی\u200cشود"),
        (FAMILY, FAMILY),
        ("a\u200cb \u200d, é\u200cb", "ab , éb"),
        (" a\r\n\tb\u3000c\u2028d ", "a b c d"),
        ("a\x1b[31mb\x00\x7f\x85c", "a[31mb c"),
        ("a\u202eb\u2066c\u200ed\u061ce\ufefff\U000e0041g", "abcdefg"),
        ("a\ud800b", "ab"),
        (f"bad {TOKEN}!", "bad [redacted]!"),
        ("x" * 400, "x" * 300),
        (f"{'x' * 295}{TOKEN}", f"{'x' * 295}[reda"),
    ],
)
def test_a_text_is_one_short_printable_line(text: str | None, shown: str | None) -> None:
    assert sanitize(text, REQUEST.call.redact) == shown


def test_a_text_that_is_too_long_is_dropped_without_the_cost_of_redacting_it() -> None:
    redacted: list[str] = []
    assert sanitize("x" * 16_384, lambda text: redacted.append(text) or text) == "x" * 300
    assert sanitize("x" * 16_385, lambda text: redacted.append(text) or text) is None
    assert redacted == ["x" * 16_384]


@given(st.text(st.characters()))
def test_any_text_becomes_printable(text: str) -> None:
    shown = sanitize(text, REQUEST.call.redact) or ""
    assert len(shown) <= 300
    assert shown.replace("\u200c", "").replace("\u200d", "").isprintable()


DROPPED = st.text(
    st.characters(categories=("Cc", "Cf", "Cs", "Co", "Cn")).filter(
        lambda char: not char.isspace()
    ),
    max_size=4,
)


@given(st.lists(DROPPED, min_size=len(TOKEN), max_size=len(TOKEN)))
def test_a_token_with_invisible_characters_in_it_is_removed(dropped: list[str]) -> None:
    text = "".join(character + rest for character, rest in zip(TOKEN, dropped, strict=True))
    assert sanitize(text, REQUEST.call.redact) == "[redacted]"


def test_every_letter_is_kept() -> None:
    letters = [char for char in map(chr, range(0x3000)) if unicodedata.category(char)[0] in "LMN"]
    assert len(letters) > 7000
    assert all(sanitize(f"a{char}b", REQUEST.call.redact) == f"a{char}b" for char in letters)
