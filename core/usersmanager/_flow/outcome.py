"""Outcomes of a flow that several calls share: a result, or an error that is copied for each.

The repr of an outcome does not show it, because it may be a secret.
"""

from __future__ import annotations

from typing import Generic, NoReturn, TypeAlias, TypeVar

from ..errors import DeadlineExceededError, PoolTimeoutError, TransportError

__all__ = ["Outcome", "Raised", "Returned", "shared_error"]

T = TypeVar("T")

# These concern one call only: its time limit, and its position in the queue for a connection.
_NOT_SHARED = (DeadlineExceededError, PoolTimeoutError)


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

    def __init__(self, error: TransportError) -> None:
        self._error = _copy(error)

    def get(self) -> NoReturn:
        """Raise a copy of the error."""
        raise _copy(self._error)


Outcome: TypeAlias = Returned[T] | Raised


def shared_error(error: TransportError) -> Raised | None:
    """Return the outcome for an error, or None if it concerns only the call that raised it."""
    return None if isinstance(error, _NOT_SHARED) else Raised(error)


def _copy(error: TransportError) -> TransportError:
    """Return an error with the same class, message and attributes, but no traceback and cause."""
    kind = type(error)
    # `copy.copy` would call `__init__`, which may take other arguments in a subclass.
    copy = kind.__new__(kind)
    copy.args = error.args
    copy.__dict__.update(error.__dict__)
    if hasattr(copy, "__notes__"):
        copy.__notes__ = list(copy.__notes__)  # `add_note` would append to all copies.
    return copy
