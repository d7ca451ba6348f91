"""The callback form of a call: `callback(error, None)` or `callback(None, result)`, once.

Sync: the callback is called in the thread of the call, before the method returns. What it raises,
the method raises. An interruption, or a plugin's own exception, is raised by the method instead,
and the callback is not called.

Asyncio: the call and the callback run in a task that the manager keeps until its close. The result
of the callback is awaited if it is awaitable. What it raises goes to the exception handler of the
event loop. If the task is cancelled, the callback gets a LifecycleError.
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


# In both forms results and errors are popped from lists, not named: if the callback raises, a
# traceback shows the local variables of these frames.


def call_back(perform: Callable[[], T], callback: Callback[T]) -> None:
    """Make a call, and pass its outcome to the callback."""
    results: list[T] = []
    errors: list[Exception] = []
    try:
        results.append(perform())
    except UsersManagerError as error:
        errors.append(error)
    # Outside the try: what the callback raises must not be passed to it again.
    callback(errors.pop() if errors else None, results.pop() if results else None)


async def call_back_async(
    perform: Callable[[], Awaitable[T]], callback: Callback[T], operation: str
) -> None:
    """Make a call, and pass its outcome to the callback."""
    import asyncio  # A sync program needs none.

    results: list[T] = []
    errors: list[Exception] = []
    cancelled: asyncio.CancelledError | None = None
    try:
        results.append(await perform())
    except asyncio.CancelledError as cancellation:
        cancelled = cancellation
        errors.append(LifecycleError("the call was cancelled", operation=operation))
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
