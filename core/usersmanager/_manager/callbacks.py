"""Calls with a callback: `callback(error, None)` or `callback(None, result)`, exactly once.

Sync: the callback runs in the thread of the call, before the method returns, which raises any
exception of the callback. The method also raises interruptions and the exceptions of a plugin; the
callback is not called for them.

Asyncio: the call and the callback run in a task that the manager keeps until its close. The result
of the callback is awaited if it is awaitable. An exception of the callback goes to the exception
handler of the event loop. If the task is cancelled, the callback gets a LifecycleError.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

from ..errors import ArgumentError, LifecycleError, UsersManagerError

__all__ = ["Callback", "call_back", "call_back_async", "require_callable"]

T = TypeVar("T")
Callback: TypeAlias = Callable[[Exception | None, T | None], object]


def require_callable(callback: object) -> None:
    """Check that a callback is None or callable.

    Raises:
        ArgumentError: it is anything else.
    """
    if callback is not None and not callable(callback):
        raise ArgumentError("callback must be callable as callback(error, result)")


# Results and errors are popped from lists and not kept in local variables: if the callback raises,
# a traceback shows the variables of these frames.


def call_back(perform: Callable[[], T], callback: Callback[T]) -> None:
    """Make a call, and pass its result or error to the callback."""
    results: list[T] = []
    errors: list[Exception] = []
    try:
        results.append(perform())
    except UsersManagerError as error:
        errors.append(error)
    # Not inside the `try` block: an error that the callback raises must not be passed to it.
    callback(errors.pop() if errors else None, results.pop() if results else None)


async def call_back_async(
    perform: Callable[[], Awaitable[T]],
    callback: Callback[T],
    add_context: Callable[[LifecycleError], LifecycleError],
) -> None:
    """Make a call, and pass its result or error to the callback.

    Args:
        perform: makes the call.
        callback: of the call.
        add_context: returns an error with the operation and the origin of the call.
    """
    import asyncio  # Slow to import, and a sync program does not need it.

    results: list[T] = []
    errors: list[Exception] = []
    cancelled: asyncio.CancelledError | None = None
    try:
        results.append(await perform())
    except asyncio.CancelledError as cancellation:
        cancelled = cancellation
        errors.append(add_context(LifecycleError("the call was cancelled")))
    except Exception as error:
        errors.append(error)
    try:
        returned = callback(errors.pop() if errors else None, results.pop() if results else None)
        if isinstance(returned, Awaitable):
            await returned
    except Exception as error:
        context = {"message": "a users manager callback raised", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)
    if cancelled is not None:
        raise cancelled
