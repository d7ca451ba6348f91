"""The echo of a token in a text of the server."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usersmanager._values.redaction import redact
from usersmanager.plugins import Secret, Token

LONG = "abcdefghijklmnop"
CHARACTERS = [chr(code) for code in range(0x21, 0x7F) if chr(code) not in ',"']
LONG_TOKENS = st.text(st.sampled_from(CHARACTERS), min_size=16, max_size=40)


def redacted(text: str, *tokens: str) -> str:
    return redact(text, [Token(token) for token in tokens])


@given(LONG_TOKENS, st.text(max_size=20), st.text(max_size=20))
def test_a_long_token_is_removed_wherever_it_stands(token: str, before: str, after: str) -> None:
    assert token not in redacted(f"{before}{token}{after}{token}{token}", token)


@pytest.mark.parametrize(
    ("token", "text", "shown"),
    [
        (LONG, f"x{LONG}_y", "x[redacted]_y"),
        (LONG[:15], f"x{LONG[:15]}_y", f"x{LONG[:15]}_y"),
        (LONG[:15], f"is ({LONG[:15]}), or", "is ([redacted]), or"),
        ("token", "invalid_token", "invalid_token"),
        ("token", "The token, tokens: token.", "The [redacted], tokens: [redacted]."),
        ("token", "token", "[redacted]"),
        ("token", "ätoken tokenß 7token", "ätoken tokenß 7token"),
        ("a-token", "an-a-token a-tokens", "an-[redacted] a-tokens"),
        ("!a!", "!a! x!a! !a!", "[redacted] x!a! [redacted]"),
        ("hush", "", ""),
    ],
)
def test_a_short_token_is_removed_as_a_whole_word_only(token: str, text: str, shown: str) -> None:
    assert redacted(text, token) == shown


@pytest.mark.parametrize(
    "code", ["invalid_token", "invalid_request", "invalid_scope", "access_denied", "server_error"]
)
def test_a_code_that_the_standards_define_is_kept(code: str) -> None:
    assert redacted(f"{code}: expired", code) == f"{code}: expired"


def test_a_token_that_contains_another_one_leaves_no_rest() -> None:
    assert redacted(f"{LONG}qrst", LONG, f"{LONG}qrst") == "[redacted]"


@pytest.mark.parametrize("between", ["\n", " ", "\u2028", "\ufe0f", "\u0301", "\u00ad \r\n"])
def test_a_long_token_is_removed_although_it_is_broken(between: str) -> None:
    broken = between.join(LONG)
    assert redacted(f"é {broken}é{broken} {LONG}", LONG) == "é [redacted]é[redacted] [redacted]"


@pytest.mark.parametrize("echo", [quote(f"{LONG}/+=", safe=""), f"{LONG}\\/+=", f"{LONG}/\n%2b="])
def test_a_long_token_is_removed_although_it_is_escaped(echo: str) -> None:
    assert redacted(f"bad {echo}.", f"{LONG}/+=") == "bad [redacted]."


def test_a_part_of_a_long_token_is_kept() -> None:
    text = f"{LONG[:15]} {LONG[1:]}"
    assert redacted(text, LONG) == text


def test_an_empty_token_changes_nothing() -> None:
    assert redact("a b", [Token.empty()]) == "a b"


@pytest.mark.parametrize(
    "secret", ["my  horse", "my\thorse", " horse ", "a  sentence that is long", "-----\nkey-----\n"]
)
def test_a_secret_is_removed_from_a_text_whose_whitespace_is_normalized(secret: str) -> None:
    echo = " ".join(f"got {secret} here".split())
    assert redact(echo, [Secret(secret)]) == "got [redacted] here"
