"""Calls with a callback: `callback(error, None)` or `callback(None, result)`, exactly once.

A callback gets only the errors of this library. It is not called for any other exception, such as
an interruption or an exception raised by a plugin.

Sync: the callback runs in the calling thread, before the method returns. The method raises any
other exception, and exceptions raised by the callback. Asyncio: see `callback_tasks.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from ..errors import ArgumentError, UsersManagerError
from .coroutine_functions import is_coroutine_function

__all__ = ["Callback", "call_back", "check_callback"]

T = TypeVar("T")
Callback: TypeAlias = Callable[[UsersManagerError | None, T | None], object]


def check_callback(callback: object, *, may_be_async: bool) -> None:
    """Check that a callback is None or callable.

    Args:
        callback: the callback of a call.
        may_be_async: whether it may be a coroutine function.

    Raises:
        ArgumentError: it is not callable, or is a coroutine function but may not be.
    """
    if callback is None:
        return
    if not callable(callback):
        raise ArgumentError("callback must be callable as callback(error, result)")
    if not may_be_async and is_coroutine_function(callback):
        raise ArgumentError(
            "callback must not be a coroutine function: only AsyncUsersManager awaits it"
        )


def call_back(perform: Callable[[], T], callback: Callback[T]) -> None:
    """Make a call, and pass its result or error to the callback."""
    # They are popped from lists, not kept in local variables: if the callback raises, a traceback
    # shows the local variables of this frame.
    results: list[T] = []
    errors: list[UsersManagerError] = []
    try:
        results.append(perform())
    except UsersManagerError as error:
        errors.append(error)
    # Not inside the `try` block: an error that the callback raises must not be passed to it.
    callback(errors.pop() if errors else None, results.pop() if results else None)
