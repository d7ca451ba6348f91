"""Outcomes of a flow that several calls share: a result, or an error as a copy for each.

The repr of an outcome does not show it: it may be a secret.
"""

from __future__ import annotations

from typing import Generic, NoReturn, TypeAlias, TypeVar

from ..errors import DeadlineExceededError, PoolTimeoutError, TransportError

__all__ = ["Outcome", "Raised", "Returned", "shared_error"]

T = TypeVar("T")

# They say something about one call: its time, and its turn in the queue for a connection.
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
    """An error, of which the traceback is not kept."""

    __slots__ = ("_error",)

    def __init__(self, error: TransportError) -> None:
        self._error = _copy(error)

    def get(self) -> NoReturn:
        """Raise a copy of the error."""
        raise _copy(self._error)


Outcome: TypeAlias = Returned[T] | Raised


def shared_error(error: TransportError) -> Raised | None:
    """Return the outcome for an error, or None if it only concerns the call that raised it."""
    return None if isinstance(error, _NOT_SHARED) else Raised(error)


def _copy(error: TransportError) -> TransportError:
    """Return an error of the same class, message and attributes, without traceback and cause."""
    kind = type(error)
    # Not `copy.copy`, which calls `__init__`: that of a subclass may take other arguments.
    copy = kind.__new__(kind)
    copy.args = error.args
    copy.__dict__.update(error.__dict__)
    if hasattr(copy, "__notes__"):
        copy.__notes__ = list(copy.__notes__)  # `add_note` would append to all copies.
    return copy
