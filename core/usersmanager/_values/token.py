"""Secret and Token: values that appear in no repr, traceback or pickle.

A traceback may contain the repr of every local variable. So a token is sealed in the first
statement that touches it, and only revealed inside an expression, never into a local variable.
"""

from __future__ import annotations

import re
from typing import Any, Generic, NoReturn, TypeVar

from ..errors import ArgumentError
from .plain import plain

__all__ = ["Secret", "Token", "explain_invalid_token", "is_bearer_token"]

T = TypeVar("T")

# Visible ASCII, which is more than a b64token (RFC 6750, section 2.1): providers issue tokens with
# "!" and "|". A comma or a double quote could split the Authorization field.
_BEARER_TOKEN = re.compile(r"[\x21\x23-\x2b\x2d-\x7e]+")


def is_bearer_token(value: Secret[Any]) -> bool:
    """Return whether a sealed value is visible ASCII without comma and double quote."""
    return isinstance(value._value, str) and _BEARER_TOKEN.fullmatch(value._value) is not None


# The first pattern that matches explains the problem; the last one matches everything.
_CHECKS = (
    (re.compile(r"\s*\Z"), "it is empty"),
    (re.compile(r"\s*bearer\s", re.IGNORECASE), "remove the 'Bearer ' prefix"),
    (
        re.compile(rf"\s*{_BEARER_TOKEN.pattern}\s*\Z"),
        "it has leading or trailing whitespace: strip it",
    ),
    (
        re.compile(""),
        "it contains characters not allowed in a bearer token: it must be visible ASCII without"
        " comma and double quote",
    ),
)


class Secret(Generic[T]):
    """A sealed value of any type.

    Its repr shows only its class. It can't be pickled or copied, and is equal only to itself.
    """

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """Return the value. Use it inside an expression, and keep it in no variable."""
        return self._value

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} can't be pickled: it might leak")


def explain_invalid_token(value: Secret[Any]) -> str:
    """Return why a value is not a bearer token. It never quotes the value."""
    if not isinstance(value.reveal(), str):
        return f"it must be a str, not {type(value.reveal()).__name__}"
    return next(reason for pattern, reason in _CHECKS if pattern.match(value.reveal()))


class Token(Secret[str]):
    """A sealed token for the Authorization header, usually a bearer token (RFC 6750).

    Args:
        value: the token, or a Secret that holds it.

    Raises:
        ArgumentError: it is anything but visible ASCII without comma and double quote.
    """

    __slots__ = ()

    def __init__(self, value: str | Secret[str]) -> None:
        value = value if isinstance(value, Secret) else Secret(value)
        if not is_bearer_token(value):
            raise ArgumentError(f"Invalid access token: {explain_invalid_token(value)}")
        super().__init__(plain(value.reveal()))

    @classmethod
    def empty(cls) -> Token:
        """Return the token of a request without one; it reveals ""."""
        return cls._unchecked(Secret(""))

    @classmethod
    def parse(cls, value: object) -> Token | None:
        """Return a value, or what a Secret holds, as a token; None if it is not a bearer token."""
        sealed = value if isinstance(value, Secret) else Secret(value)
        del value
        return cls._unchecked(sealed) if is_bearer_token(sealed) else None

    @classmethod
    def _unchecked(cls, value: Secret[Any]) -> Token:
        token = cls.__new__(cls)
        token._value = plain(value._value)
        return token
