"""Make a text from the server safe to show: short, printable, and without an echoed secret."""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["MAX_SOURCE_LENGTH", "MAX_TEXT_LENGTH", "sanitize"]

MAX_TEXT_LENGTH = 300
# A longer text is no message, and to redact a megabyte takes half a second.
MAX_SOURCE_LENGTH = 16_384

_JOINERS = "\u200c\u200d"
# Persian and Indic words, and emoji, need a joiner. Next to ASCII it could hide in a token.
_STRAY_JOINER = re.compile(
    f"(?<![^\\x00-\\x7f{_JOINERS}])[{_JOINERS}]|[{_JOINERS}](?![^\\x00-\\x7f{_JOINERS}])"
)


def sanitize(text: str | None, redact: Callable[[str], str]) -> str | None:
    """Return a text from the server as one short printable line, or None if nothing is left.

    Nothing is left of a text of more than 16,384 characters. It is not cut before it is redacted: a
    part of a secret would not be recognized.

    Letters of any language are kept. Control characters and those that change the direction of
    writing are dropped, and then any secret of the call that the text echoes is replaced.

    Args:
        text: the text.
        redact: removes the secrets of the call from a text.
    """
    if not text or len(text) > MAX_SOURCE_LENGTH:
        return None
    # Last, as a dropped character may stand in the middle of a secret.
    return redact(_printable(text))[:MAX_TEXT_LENGTH].strip() or None


def _printable(text: str) -> str:
    text = " ".join(text.split())
    if text.isprintable():
        return text
    return _STRAY_JOINER.sub("", "".join(filter(_is_printable, text)))


def _is_printable(character: str) -> bool:
    return character.isprintable() or character in _JOINERS
