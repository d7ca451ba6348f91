"""Reduce a str to its characters."""

from __future__ import annotations

__all__ = ["plain"]


def plain(text: str) -> str:
    """Return the characters of a str as exactly a str, not a subclass.

    A subclass may be formatted as something that was not checked: a member of an Enum as its name.
    """
    return str.__str__(text)
