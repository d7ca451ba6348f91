"""Reduce a str to its characters."""

from __future__ import annotations

__all__ = ["plain"]

# Not a function of our own, which would cost each call of `get_info` some time.
plain = str.__str__
"""Return the characters of a str as exactly a str, not a subclass.

A subclass may be formatted as something that was not checked: a member of an Enum as its name.
"""
