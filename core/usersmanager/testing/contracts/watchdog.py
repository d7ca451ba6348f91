"""A time limit for test cases, because a broken transport or plugin may never return."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable

__all__ = ["run_within"]


def run_within(seconds: float, *work: Callable[[], None]) -> None:
    """Call functions concurrently, each in its own thread, and raise the first exception.

    A signal would need the main thread, and code under test might catch the handler's exception.

    Raises:
        AssertionError: a function did not end in time. Its thread is abandoned.
        BaseException: the first exception raised by a function.
    """
    raised: list[BaseException] = []

    def run(function: Callable[[], None]) -> None:
        try:
            function()
        except BaseException as error:
            raised.append(error)

    end = time.monotonic() + seconds
    threads = [threading.Thread(target=run, args=(function,), daemon=True) for function in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
        if thread.is_alive():
            where = _location(thread)
            raise AssertionError(f"did not end within {seconds:g} s; it was at:\n{where}")
    if raised:
        try:
            raise raised[0]
        finally:
            raised.clear()  # Break the reference cycle.


def _location(thread: threading.Thread) -> str:
    """Return the innermost frames of a running thread."""
    frame = sys._current_frames().get(thread.ident or 0)
    return "".join(traceback.format_stack(frame, limit=6)) if frame else "(it has just ended)"
