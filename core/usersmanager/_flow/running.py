"""Identify the task or thread that runs the current code.

asyncio is slow to import, and a sync program may never have imported it.
"""

from __future__ import annotations

import sys
import threading

__all__ = ["is_in_event_loop", "is_in_trio", "running_id"]


def is_in_event_loop() -> bool:
    """Return whether the calling thread runs an event loop."""
    # While another thread imports asyncio, the module is there, but empty.
    running_loop = getattr(sys.modules.get("asyncio"), "_get_running_loop", None)
    return running_loop is not None and running_loop() is not None


def is_in_trio() -> bool:
    """Return whether a task of trio runs the current code."""
    trio = sys.modules.get("trio")
    try:
        return trio is not None and trio.lowlevel.current_task() is not None
    except (AttributeError, RuntimeError):  # It is not running.
        return False


def running_id() -> int:
    """Return the id of the current task, or of the current thread if there is no task."""
    task = sys.modules["asyncio"].current_task() if is_in_event_loop() else None
    return threading.get_ident() if task is None else id(task)
