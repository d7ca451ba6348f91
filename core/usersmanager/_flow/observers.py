"""Call the hooks for the end of a call, and the closers of a manager.

All are called even if one raises an exception, which may be an interruption.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from .._values.request import Request
from .._values.response import Response
from .chain import Hook, call_hook

__all__ = ["aclose_all", "close_all", "report_done"]


def report_done(
    hooks: Sequence[Hook[Callable[..., Any]]],
    request: Request,
    response: Response | None,
    error: BaseException | None,
    elapsed: float,
) -> None:
    """Call all done hooks at the end of a call.

    Raises:
        BaseException: the first exception raised by a hook. It is also the `error` of the remaining
            hooks.
    """
    raised: list[BaseException] = []
    for hook in hooks:
        try:
            call_hook(hook, request, response, raised[0] if raised else error, elapsed)
        except BaseException as caught:
            raised.append(caught)
    _raise_first(raised)


def close_all(closers: Iterable[Callable[[], object]]) -> None:
    """Call every function.

    Raises:
        BaseException: the first exception raised by one of them.
    """
    raised: list[BaseException] = []
    for close in closers:
        try:
            close()
        except BaseException as caught:
            raised.append(caught)
    _raise_first(raised)


async def aclose_all(closers: Iterable[Callable[[], object]]) -> None:
    """Call every function, and await its result if it is awaitable.

    Raises:
        BaseException: the first exception raised by one of them.
    """
    raised: list[BaseException] = []
    for close in closers:
        try:
            result = close()
            if isinstance(result, Awaitable):
                await result
        except BaseException as caught:
            raised.append(caught)
    _raise_first(raised)


def _raise_first(errors: list[BaseException]) -> None:
    if errors:
        first = errors[0]
        errors.clear()  # Break the reference cycle of an error and the frame that caught it.
        try:
            raise first
        finally:
            del first
