"""Values that must never be seen: tokens, and what holds them.

A traceback may show the repr of every local variable. So a token is wrapped in the
first statement that touches it, and the wrapped value is opened only inside an
expression, never into a local variable.
"""

from __future__ import annotations

import re
from typing import Any, Generic, NoReturn, TypeVar

from ..errors import ArgumentError

__all__ = ["Secret", "Token", "flaw", "is_bearer_token"]

T = TypeVar("T")

# RFC 6750, section 2.1: b64token.
_B64TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


def is_bearer_token(value: object) -> bool:
    """Whether a value is a bearer token by RFC 6750's grammar."""
    return isinstance(value, str) and _B64TOKEN.fullmatch(value) is not None


_FLAWS = (
    (re.compile(r"\s*\Z"), "it is empty"),
    (re.compile(r"\s*bearer\s", re.IGNORECASE), "leave 'Bearer ' out"),
    (
        re.compile(rf"\s*{_B64TOKEN.pattern}\s*\Z"),
        "it has blanks or line ends around it: strip it",
    ),
    (re.compile(""), "it has characters that are in no bearer token (RFC 6750, section 2.1)"),
)


class Secret(Generic[T]):
    """Holds any value and shows none of it. It can't be pickled, formatted or compared."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """The value itself. Use it inside an expression, never keep it in a variable."""
        return self._value

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is not pickled, so that it can't leak")


def flaw(value: Secret[Any]) -> str:
    """What to mend in a value that is no bearer token, in words that hold nothing of it."""
    if not isinstance(value.reveal(), str):
        return f"it must be a str, not {type(value.reveal()).__name__}"
    return next(words for flawed, words in _FLAWS if flawed.match(value.reveal()))


class Token(Secret[str]):
    """A bearer token by RFC 6750's grammar, with a redacted repr.

    Args:
        value: the token, or a Secret that holds it.

    Raises:
        ArgumentError: it is not a b64token (RFC 6750, section 2.1).
    """

    __slots__ = ()

    def __init__(self, value: str | Secret[str]) -> None:
        value = value if isinstance(value, Secret) else Secret(value)
        if not is_bearer_token(value.reveal()):
            raise ArgumentError(f"Invalid access token: {flaw(value)}")
        super().__init__(str.__str__(value.reveal()))

    @classmethod
    def none(cls) -> Token:
        """No token, for a request that carries none; it reveals ""."""
        return cls._unchecked(Secret(""))

    @classmethod
    def of(cls, value: Secret[object]) -> Token | None:
        """A sealed value as a token, or None if it is not a bearer token."""
        return cls._unchecked(value) if is_bearer_token(value.reveal()) else None

    @classmethod
    def _unchecked(cls, value: Secret[Any]) -> Token:
        token = cls.__new__(cls)
        token._value = str.__str__(value.reveal())  # What was checked is what is sent.
        return token
