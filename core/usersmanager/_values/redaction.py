"""Remove the echo of a secret from a text of the server."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, unquote

from .forms import encode_form_value
from .token import Secret

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


def redact(text: str, secrets: Iterable[Secret[str]]) -> str:
    """Return a text without the echo of any of these secrets, as it is or encoded in a form.

    A secret of 16 or more characters is removed wherever it stands, even if it is escaped for a
    URL, or broken by spaces, line breaks or characters that are not ASCII. A shorter one is removed
    as a whole word, unless it is an error code that the standards define.
    """
    # The longest first: it may contain another one.
    for echo in sorted(_echoes(secrets), key=lambda echo: len(echo.reveal()), reverse=True):
        if len(echo.reveal()) >= _MIN_UNMISTAKABLE_LENGTH:
            text = _replace_broken(text.replace(echo.reveal(), _REDACTED), echo)
        elif echo.reveal() and echo.reveal() not in _STANDARD_CODES:
            text = _replace_word(text, echo)
    return text


def _echoes(secrets: Iterable[Secret[str]]) -> list[Secret[str]]:
    """Return the secrets, and those that are written differently in a form or a URL."""
    echoes: list[Secret[str]] = []
    for secret in secrets:
        echoes.append(secret)
        # An error text is one line without outer whitespace.
        if " ".join(secret.reveal().split()) != secret.reveal():
            echoes.append(Secret(" ".join(secret.reveal().split())))
        if not (secret.reveal().isascii() and secret.reveal().isalnum()):
            echoes.append(Secret(encode_form_value(secret.reveal())))
            echoes.append(Secret(quote(secret.reveal(), safe="")))
    return echoes


def _replace_broken(text: str, secret: Secret[str]) -> str:
    """Replace a secret that is escaped, or has other characters between its own."""
    if secret.reveal() not in _BETWEEN.sub("", unquote(text)):
        return text  # As nearly always, and much faster.
    spans = [match.span() for match in _CHARACTER.finditer(text)]
    characters = "".join(unquote(text[start:end])[-1] for start, end in spans)
    before, *pieces = characters.split(secret.reveal())
    if not pieces:
        return text
    result, at, end = "", len(before), 0
    for piece in pieces:
        last = at + len(secret.reveal()) - 1
        result += text[end : spans[at][0]] + _REDACTED
        at, end = last + 1 + len(piece), spans[last][1]
    return result + text[end:]


def _replace_word(text: str, secret: Secret[str]) -> str:
    """Replace a secret that has no letter, digit or underscore next to it.

    Without a regular expression: the cache of `re` would keep the secret.
    """
    before, *pieces = text.split(secret.reveal())
    result = [before]
    for piece in pieces:
        is_word = not (_is_word(before[-1:]) or _is_word(piece[:1]))
        result += [_REDACTED if is_word else secret.reveal(), piece]
        before = piece
    return "".join(result)


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
