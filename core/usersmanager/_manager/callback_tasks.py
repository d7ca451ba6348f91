"""Calls with a callback in asyncio. The call and the callback run in a task.

The result of the callback is awaited if it is awaitable. If the task is cancelled, the callback
gets a LifecycleError. The event loop's exception handler gets exceptions from outside this library,
and those raised by the callback.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, TypeAlias, TypeVar, cast
from weakref import ref

from ..errors import LifecycleError, UsersManagerError
from .callbacks import Callback

__all__ = ["CallbackTasks"]

T = TypeVar("T")
AddContext: TypeAlias = Callable[[LifecycleError], LifecycleError]

# The task in which a callback runs. The tasks that it creates inherit the variable.
_callback_task: ContextVar[Callable[[], asyncio.Task[Any] | None]] = ContextVar(
    "callback_task", default=lambda: None
)


class CallbackTasks:
    """The tasks of the calls that have a callback. The manager awaits them when it is closed."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(
        self, perform: Callable[[], Awaitable[T]], callback: Callback[T], add_context: AddContext
    ) -> None:
        """Make a call in a task, and pass its result or error to the callback.

        Args:
            perform: makes the call.
            callback: the callback of the call.
            add_context: adds the operation and the origin of the call to an error.
        """
        with_callback = _call_back(perform, callback, add_context)
        # To its first `await`: asyncio runs nothing of a task that is cancelled before its first
        # step, and the callback would never be called.
        with_callback.send(None)
        task = asyncio.get_running_loop().create_task(with_callback)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait(self) -> None:
        """Wait for the tasks of the running event loop."""
        while tasks := self._to_await():
            await asyncio.wait(tasks)

    def _to_await(self) -> set[asyncio.Task[None]]:
        loop = asyncio.get_running_loop()
        # A callback may close the manager: awaiting its own task would never end.
        others = self._tasks - {asyncio.current_task(), _callback_task.get()()}
        return {task for task in others if task.get_loop() is loop}


async def _call_back(
    perform: Callable[[], Awaitable[T]], callback: Callback[T], add_context: AddContext
) -> None:
    # They are popped from lists, not kept in local variables: if the callback raises, a traceback
    # shows the local variables of this frame.
    results: list[T] = []
    errors: list[UsersManagerError] = []
    cancelled: asyncio.CancelledError | None = None
    try:
        await asyncio.sleep(0)
        _remember_task()
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


def _remember_task() -> None:
    # In no local variable: the traceback of an exception would keep the task alive.
    _callback_task.set(ref(cast("asyncio.Task[None]", asyncio.current_task())))


def _report(error: Exception, message: str) -> None:
    """Pass an exception to the exception handler of the event loop."""
    context = {"message": message, "exception": error}
    asyncio.get_running_loop().call_exception_handler(context)
