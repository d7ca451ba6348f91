"""Recognize that a call can't be made because the interpreter is shutting down.

Once the main thread has ended, Python may refuse to start threads, which resolve names. Later, in
`__del__` methods, modules are gone, and a thread that is started never runs.
"""

from __future__ import annotations

import threading

from ..errors import LifecycleError

__all__ = ["is_refused_by_shutdown", "shutdown_error"]


def is_refused_by_shutdown(error: BaseException) -> bool:
    """Return whether an error was raised because Python refuses something during its shutdown."""
    if threading.main_thread().is_alive():
        return False
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, RuntimeError) and "shutdown" in str(cause):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def shutdown_error() -> LifecycleError:
    """Return the error of a call during interpreter shutdown."""
    return LifecycleError("the interpreter is shutting down: make the call before the program ends")
