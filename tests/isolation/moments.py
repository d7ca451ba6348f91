"""Name the moments of a call at which a signal handler may raise, and raise at one of them.

`LineRecorder` counts line events (`sys.settrace`). `ReturnRecorder` counts the returns of functions
written in C (`sys.setprofile`): that is where CPython runs signal handlers, before the result is
stored.
"""

from __future__ import annotations

import ast
import asyncio
import functools
import inspect
import os
import queue
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple, Self

import aiohttp
import urllib3

import usersmanager
import usersmanager_aiohttp
import usersmanager_cache
import usersmanager_headers
import usersmanager_jwt
import usersmanager_logging
import usersmanager_native
import usersmanager_retry
import usersmanager_urllib3
from usersmanager.transports.http1 import receiver

__all__ = [
    "CARRIERS",
    "LineRecorder",
    "Moment",
    "Recorder",
    "ReturnRecorder",
    "SoftTimeLimit",
]


class SoftTimeLimit(Exception):  # noqa: N818 - job runners name theirs like this.
    """What a job runner raises in the middle of a task: an `Exception`, from a signal handler."""


def _folder(module: Any) -> str:
    return os.path.join(os.path.dirname(module.__file__), "")


_CORE = _folder(usersmanager)
_PLUGINS = tuple(
    map(
        _folder,
        (
            *(usersmanager_cache, usersmanager_headers, usersmanager_jwt),
            *(usersmanager_logging, usersmanager_retry),
        ),
    )
)

CARRIERS = (
    os.path.join(_CORE, "transports", ""),
    *map(_folder, (usersmanager_aiohttp, usersmanager_native, usersmanager_urllib3)),
    *map(_folder, (aiohttp, urllib3)),
)
"""Where the code of the transports is, ours and the HTTP libraries'."""

# A lock written in Python stays held if it is interrupted: that of a queue, which urllib3 uses.
_LOCKS = tuple(str(module.__file__) for module in (queue, threading))
_TRACED = (*_LOCKS, *CARRIERS, *_PLUGINS, _CORE)
_HELPERS = tuple(os.path.join(_CORE, name, "") for name in ("testing", "cli"))

_ASYNCIO = _folder(asyncio)
# Functions of asyncio that report what a callback raises to the loop's exception handler alone.
# What `data_received` and the like raise, they pass to `connection_lost`.
_UNHEARD = ("_run", "_call_connection_lost", "_maybe_pause_protocol", "_maybe_resume_protocol")


# They run while an object is freed, in the middle of any instruction. If a trace function raises
# there, CPython 3.11 can confuse its stack: "TypeError: 'traceback' object is not callable".
_FINALIZERS = (receiver._abort_later.__code__, receiver._free.__code__)


@functools.cache
def _is_traced(filename: str) -> bool:
    return filename.startswith(_TRACED) and not filename.startswith(_HELPERS)


class Moment(NamedTuple):
    """One visit of a place in the code."""

    file: str
    line: int
    event: str
    visit: int

    def __str__(self) -> str:
        folder, name = os.path.split(self.file)
        place = f"{os.path.basename(folder)}/{name}:{self.line}"
        return f"{place} ({self.event}, visit {self.visit})"


class Recorder:
    """Counts the moments of what runs inside `with`; raises `error` at one of them.

    Attributes:
        at: where to raise; None to record every moment instead.
        moments: those that were recorded, in order.
        error: what is raised.
        raised: whether it was.
        callback: the callback of the event loop in which that was, or "".
        is_unheard: whether it was at the beginning of a callback whose exceptions the event loop
            tells nobody. There the code had no chance to catch it.
    """

    def __init__(self, at: Moment | None = None) -> None:
        self.at = at
        self.moments: list[Moment] = []
        self.error = SoftTimeLimit()
        self.raised = False
        self.callback = ""
        self.is_unheard = False
        self._visits: Counter[tuple[str, int, str]] = Counter()

    @staticmethod
    def is_possible(moment: Moment) -> bool:
        """Whether a signal handler could raise there."""
        return True

    def _visit(self, frame: FrameType, event: str, *, is_first: bool) -> None:
        if frame.f_code in _FINALIZERS:
            return
        place = (frame.f_code.co_filename, frame.f_lineno, event)
        self._visits[place] += 1
        moment = Moment(*place, self._visits[place])
        if self.at is None:
            self.moments.append(moment)
        elif moment == self.at and not self.raised:
            self.raised = True
            self.callback = _callback(frame)
            self.is_unheard = is_first and _is_unheard(frame)
            raise self.error


def _is_called_by_loop(frame: FrameType) -> bool:
    is_coroutine = frame.f_code.co_flags & inspect.CO_COROUTINE
    caller = frame.f_back
    return (
        not is_coroutine
        and caller is not None
        and caller.f_code.co_filename.startswith(_ASYNCIO)
        and _is_traced(frame.f_code.co_filename)
    )


def _is_unheard(frame: FrameType) -> bool:
    caller = frame.f_back
    return _is_called_by_loop(frame) and caller is not None and caller.f_code.co_name in _UNHEARD


def _callback(frame: FrameType | None) -> str:
    name = ""
    while frame is not None:
        if _is_called_by_loop(frame):
            name = frame.f_code.co_name
        frame = frame.f_back
    return name


class LineRecorder(Recorder):
    """Moments are line events."""

    _entered: FrameType | None = None

    def __enter__(self) -> Self:
        self._before = sys.gettrace()
        sys.settrace(self._trace)
        return self

    def __exit__(self, *details: object) -> None:
        sys.settrace(self._before)
        self._entered = None

    def _trace(self, frame: FrameType, event: str, argument: object) -> Any:
        if not _is_traced(frame.f_code.co_filename):
            return None
        if event == "call":
            self._entered = frame
        elif event == "line":
            is_first, self._entered = self._entered is frame, None
            self._visit(frame, "line", is_first=is_first)
        return self._trace

    @staticmethod
    def is_possible(moment: Moment) -> bool:
        """Whether a signal handler could raise there.

        CPython runs handlers at the start of a function and after a call of C code, as part of the
        statement that calls. A trace function can also raise between the body of a `with` and its
        `__exit__`, or the body of a `try` and its `finally`, and so skip the cleanup.
        """
        gaps = _gaps(moment.file)
        is_gap = moment.line in gaps.always or (moment.visit > 1 and moment.line in gaps.later)
        return not is_gap


class _Gaps(NamedTuple):
    """Lines whose events come between a body and its cleanup: all, or all but the first."""

    always: frozenset[int]
    later: frozenset[int]


@functools.cache
def _gaps(filename: str) -> _Gaps:
    always: set[int] = set()
    later: set[int] = set()
    for node in ast.walk(ast.parse(Path(filename).read_bytes())):
        if isinstance(node, ast.Try) and node.finalbody:
            calls = [one.lineno for one in _walk(node.finalbody) if isinstance(one, ast.Call)]
            first = node.finalbody[0].lineno
            always |= set(range(first, min(calls, default=first) + 1))
        elif isinstance(node, ast.With | ast.AsyncWith):
            entries = {item.context_expr.lineno for item in node.items}
            later |= entries
            always |= {node.lineno} - entries
    return _Gaps(frozenset(always), frozenset(later))


def _walk(body: list[ast.stmt]) -> Iterator[ast.AST]:
    for statement in body:
        yield from ast.walk(statement)


class ReturnRecorder(Recorder):
    """Moments are the returns of functions written in C."""

    def __enter__(self) -> Self:
        self._before = sys.getprofile()
        sys.setprofile(self._profile)
        return self

    def __exit__(self, *details: object) -> None:
        sys.setprofile(self._before)

    def _profile(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "c_return" and _is_traced(frame.f_code.co_filename):
            self._visit(frame, f"after {argument.__name__}", is_first=False)
