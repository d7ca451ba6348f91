"""What messages call the arguments of Python functions: another interface has its own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["worded", "wording"]

_PYTHON: Mapping[str, str] = {}
_words: ContextVar[Mapping[str, str]] = ContextVar("usersmanager_wording", default=_PYTHON)


def worded(phrase: str) -> str:
    """Return the words of the current interface for a phrase, or else the phrase itself."""
    return _words.get().get(phrase, phrase)


@contextmanager
def wording(words: Mapping[str, str]) -> Iterator[None]:
    """Use other words in the messages that are made inside the block.

    Args:
        words: phrases about Python arguments, and what to write in their place.
    """
    token = _words.set(words)
    try:
        yield
    finally:
        _words.reset(token)
