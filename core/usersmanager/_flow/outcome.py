"""Outcomes of a flow that several calls share: a result, or an error that is copied for each.

The repr of an outcome does not show it, because it may be a secret.
"""

from __future__ import annotations

from typing import Generic, NoReturn, TypeAlias, TypeVar

from ..errors import (
    APIError,
    DeadlineExceededError,
    DecodeError,
    PoolTimeoutError,
    ProviderUnavailableError,
    SubjectMismatchError,
    UsersManagerError,
)

__all__ = ["Outcome", "Raised", "Returned", "shared_error"]

T = TypeVar("T")

# What the provider sent, or that it sent nothing. A response with the same content is shared, too.
_OF_THE_PROVIDER = (ProviderUnavailableError, APIError, DecodeError)
# These concern one call only: its time limit, its position in the queue for a connection, and the
# subject that it expects.
_OF_THE_CALL = (DeadlineExceededError, PoolTimeoutError, SubjectMismatchError)


class Returned(Generic[T]):
    """A result."""

    __slots__ = ("_result",)

    def __init__(self, result: T) -> None:
        self._result = result

    def get(self) -> T:
        """Return the result."""
        return self._result


class Raised:
    """An error, without its traceback."""

    __slots__ = ("_error",)

    def __init__(self, error: UsersManagerError) -> None:
        self._error = _copy(error)

    def get(self) -> NoReturn:
        """Raise a copy of the error."""
        raise _copy(self._error)


Outcome: TypeAlias = Returned[T] | Raised


def shared_error(error: UsersManagerError) -> Raised | None:
    """Return the outcome for an error, or None if it concerns only the call that raised it."""
    is_shared = isinstance(error, _OF_THE_PROVIDER) and not isinstance(error, _OF_THE_CALL)
    return Raised(error) if is_shared else None


def _copy(error: UsersManagerError) -> UsersManagerError:
    """Return an error with the same class, message and attributes, but no traceback and cause."""
    kind = type(error)
    # `copy.copy` would call `__init__`, which may take other arguments in a subclass.
    copy = kind.__new__(kind)
    copy.args = error.args
    copy.__dict__.update(error.__dict__)
    if hasattr(copy, "__notes__"):
        copy.__notes__ = list(copy.__notes__)  # `add_note` would append to all copies.
    return copy
