"""Identify the task or thread that runs the current code."""

from __future__ import annotations

import sys
import threading

__all__ = ["running_id"]


def running_id() -> int:
    """Return the id of the current task, or of the current thread if there is no task."""
    asyncio = sys.modules.get("asyncio")  # A sync program may never have imported it.
    if asyncio is not None and asyncio._get_running_loop() is not None:
        task = asyncio.current_task()
        if task is not None:
            return id(task)
    return threading.get_ident()
