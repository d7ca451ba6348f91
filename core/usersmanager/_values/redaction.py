"""Remove the echo of a token from a text of the server."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

from .token import Token

__all__ = ["redact"]

_REDACTED = "[redacted]"
# A shorter token may be a part of an ordinary word: tests use tokens such as "token".
_MIN_UNMISTAKABLE_LENGTH = 16
# One character of a token, perhaps escaped: for a URL, or a slash in JSON.
_CHARACTER = re.compile(r"%[0-9A-Fa-f]{2}|\\?/|[\x21-\x7e]")
_BETWEEN = re.compile(r"[^\x21-\x7e]+|\\(?=/)")
# The error codes of OAuth 2.0 and OpenID Connect that are as short, since tests use them as tokens:
# RFC 6749, 6750, 8628, 8707 and 9449; OpenID Connect Core, section 3.1.2.6.
_STANDARD_CODES = frozenset(
    {
        "access_denied",
        "expired_token",
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "invalid_target",
        "invalid_token",
        "login_required",
        "server_error",
        "slow_down",
        "use_dpop_nonce",
    }
)


def redact(text: str, tokens: Iterable[Token]) -> str:
    """Return a text without the echo of any of these tokens.

    A token of 16 or more characters is removed wherever it stands, even if it is escaped for a
    URL, or broken by spaces, line breaks or characters that are not ASCII. A shorter one is removed
    as a whole word, unless it is an error code that the standards define.
    """
    # The longest first: it may contain another one.
    for token in sorted(tokens, key=lambda token: len(token.reveal()), reverse=True):
        if len(token.reveal()) >= _MIN_UNMISTAKABLE_LENGTH:
            text = _replace_broken(text.replace(token.reveal(), _REDACTED), token)
        elif token.reveal() and token.reveal() not in _STANDARD_CODES:
            text = _replace_word(text, token)
    return text


def _replace_broken(text: str, token: Token) -> str:
    """Replace a token that is escaped, or has other characters between its own."""
    if token.reveal() not in _BETWEEN.sub("", unquote(text)):
        return text  # As nearly always, and much faster.
    spans = [match.span() for match in _CHARACTER.finditer(text)]
    characters = "".join(unquote(text[start:end])[-1] for start, end in spans)
    before, *pieces = characters.split(token.reveal())
    if not pieces:
        return text
    result, at, end = "", len(before), 0
    for piece in pieces:
        last = at + len(token.reveal()) - 1
        result += text[end : spans[at][0]] + _REDACTED
        at, end = last + 1 + len(piece), spans[last][1]
    return result + text[end:]


def _replace_word(text: str, token: Token) -> str:
    """Replace a token that has no letter, digit or underscore next to it.

    Without a regular expression: the cache of `re` would keep the token.
    """
    before, *pieces = text.split(token.reveal())
    result = [before]
    for piece in pieces:
        is_word = not (_is_word(before[-1:]) or _is_word(piece[:1]))
        result += [_REDACTED if is_word else token.reveal(), piece]
        before = piece
    return "".join(result)


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
