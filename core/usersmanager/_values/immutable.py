"""Immutable: what the messages are.

`dataclasses` would do, but takes a quarter of the package's time to import.
"""

from __future__ import annotations

from typing import NoReturn, Self

__all__ = ["Immutable"]


class Immutable:
    """Its attributes are set once, in `__init__`, by `object.__setattr__`."""

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} can't be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} can't be changed")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self
