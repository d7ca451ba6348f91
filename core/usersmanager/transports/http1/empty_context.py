"""Await something without the context variables of the caller."""

from __future__ import annotations

import types
from collections.abc import Coroutine, Generator
from contextvars import Context
from typing import Any, TypeVar, cast

__all__ = ["in_empty_context"]

T = TypeVar("T")


@types.coroutine
def in_empty_context(coroutine: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
    """Run a coroutine in an empty context, as a part of the current task.

    An event loop keeps the context in which a connection was opened until the connection is closed.
    That of a call may hold a session or a user, and the connection serves other calls, too.

    Args:
        coroutine: opens a connection, for example.

    Raises:
        BaseException: raised by the coroutine.

    Example::

        transport = await in_empty_context(self.aconnect(hop))
    """
    context = Context()
    resume, value = coroutine.send, None
    try:
        while True:
            try:
                future = context.run(resume, value)
            except StopIteration as end:
                return cast(T, end.value)
            finally:
                value = None  # Break the reference cycle of an error and this frame.
            try:
                resume, value = coroutine.send, (yield future)
            except BaseException as error:
                resume, value = coroutine.throw, error
    finally:
        coroutine.close()
