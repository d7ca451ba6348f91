"""Tell an exception of a signal handler from one of a store."""

from __future__ import annotations

import functools
import signal
import traceback
from types import CodeType, FrameType

__all__ = ["is_interruption"]


def is_interruption(error: Exception) -> bool:
    """Return whether a signal handler raised an exception.

    Job runners interrupt a task like that when its time is over, and theirs are often subclasses
    of Exception. The class does not tell, but the traceback contains the frame of the handler. It
    may not be installed any more: some restore the previous handler before they raise.
    """
    handlers = {_code(signal.getsignal(number)) for number in signal.valid_signals()}
    return any(
        frame.f_code in handlers or _was_passed_its_caller(frame)
        for frame, _ in traceback.walk_tb(error.__traceback__)
    )


def _was_passed_its_caller(frame: FrameType) -> bool:
    """Return whether an argument is the frame that was running before, as for a handler."""
    names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
    return frame.f_back is not None and any(
        frame.f_locals.get(name) is frame.f_back for name in names
    )


def _code(handler: object) -> CodeType | None:
    """Return the code of a handler written in Python, otherwise None."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    call = getattr(type(handler), "__call__", None)  # noqa: B004 - the method.
    for function in (handler, getattr(handler, "__func__", None), call):
        code = getattr(function, "__code__", None)
        if isinstance(code, CodeType):
            return code
    return None
