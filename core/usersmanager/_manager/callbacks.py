"""Calls with a callback: `callback(error, None)` or `callback(None, result)`, exactly once.

A callback gets only the errors of this library. It is not called for any other exception, such as
an interruption or an exception raised by a plugin.

Sync: the callback runs in the calling thread, before the method returns. The method raises any
other exception, and exceptions raised by the callback.

Asyncio: the call and the callback run in a task, which the manager awaits when it is closed. The
result of the callback is awaited if it is awaitable. The event loop's exception handler gets any
other exception, and exceptions raised by the callback. If the task is cancelled, the callback gets
a LifecycleError.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

from ..errors import ArgumentError, LifecycleError, UsersManagerError
from .coroutine_functions import is_coroutine_function

__all__ = ["Callback", "call_back", "call_back_async", "check_callback"]

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


# Results and errors are popped from lists, not kept in local variables: if the callback raises, a
# traceback shows the local variables of these frames.


def call_back(perform: Callable[[], T], callback: Callback[T]) -> None:
    """Make a call, and pass its result or error to the callback."""
    results: list[T] = []
    errors: list[UsersManagerError] = []
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

    Send it None once before it becomes a task: asyncio runs nothing of a task that is cancelled
    before its first step, and its callback would never be called.

    Args:
        perform: makes the call.
        callback: the callback of the call.
        add_context: adds the operation and the origin of the call to an error.
    """
    import asyncio  # Slow to import, and a sync program does not need it.

    results: list[T] = []
    errors: list[UsersManagerError] = []
    cancelled: asyncio.CancelledError | None = None
    try:
        await asyncio.sleep(0)
        results.append(await perform())
    except asyncio.CancelledError as cancellation:
        cancelled = cancellation
        errors.append(add_context(LifecycleError("the call was cancelled")))
    except UsersManagerError as error:
        errors.append(error)
    except Exception as error:
        _report(error, "a users manager call with a callback raised")
        return
    try:
        returned = callback(errors.pop() if errors else None, results.pop() if results else None)
        if isinstance(returned, Awaitable):
            await returned
    except Exception as error:
        _report(error, "a users manager callback raised")
    if cancelled is not None:
        raise cancelled


def _report(error: Exception, message: str) -> None:
    """Pass an exception to the exception handler of the event loop."""
    import asyncio

    context = {"message": message, "exception": error}
    asyncio.get_running_loop().call_exception_handler(context)
