"""Mark and recognize coroutine functions."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

__all__ = ["is_coroutine_function", "mark_coroutine_function"]

F = TypeVar("F", bound=Callable[..., Any])


def mark_coroutine_function(function: F) -> F:
    """Mark a plain function that returns a coroutine.

    Libraries then treat it like an `async def` function. On Python 3.11, this works only for
    libraries that use `asyncio.iscoroutinefunction`, such as unittest.mock, not `inspect`.
    """
    if sys.version_info >= (3, 12):
        return inspect.markcoroutinefunction(function)
    from asyncio import coroutines  # Slow to import, and a sync program does not need it.

    function.__dict__["_is_coroutine"] = vars(coroutines)["_is_coroutine"]
    return function


def is_coroutine_function(function: object) -> bool:
    """Return whether a function, partial or callable object returns a coroutine when called."""
    while isinstance(function, partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        type(function).__call__
    )
