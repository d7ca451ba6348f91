"""The event loop of uvloop. On Windows, which it does not support, another one of asyncio."""

from __future__ import annotations

import sys

__all__ = ["new_uvloop"]

if sys.platform == "win32":
    from asyncio import new_event_loop as new_uvloop
else:
    from uvloop import new_event_loop as new_uvloop
