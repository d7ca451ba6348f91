"""What a call does, told as it happens: its calls, attempts, waits and timings.

Calls and attempts are told by their log records. A wait has none, but it is an effect:
a plugin around the call sees it pass by, whichever plugin inside asks for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

from .. import Request, Response
from .._flow.effects import Effect, Sleep
from ..plugins import Flow, Middleware, Proceed, hookimpl

__all__ = ["Watch", "log_told"]

Tell = Callable[[str], None]


class Watch:
    """Tells of each call and of each wait as it begins. Put it first in `plugins`.

    Args:
        tell: is given one line at a time.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    @hookimpl
    def usersmanager_wrap_call(self) -> Middleware:
        """Around the call: whatever waits is inside."""
        return self._around

    def _around(self, request: Request, proceed: Proceed) -> Flow:
        self._tell(f"{request.operation}: {request.method} {request.url}")
        return (yield from self._watched(proceed(request)))

    def _watched(self, flow: Flow) -> Generator[Effect, Any, Response]:
        resume: Callable[[Any], Effect] = flow.send
        value: object = None
        while True:
            try:
                effect = resume(value)
            except StopIteration as end:
                response: Response = end.value
                return response
            finally:
                value = None  # As in the drivers: an error kept here would hold this frame.
            if isinstance(effect, Sleep):
                self._tell(f"waiting {effect.seconds:.3g} s")
            try:
                resume, value = flow.send, (yield effect)
            except BaseException as error:
                resume, value = flow.throw, error


@contextmanager
def log_told(tell: Tell, name: str = "usersmanager") -> Iterator[None]:
    """Tells every record of a logger and those below it, while the context lasts."""
    logger = logging.getLogger(name)
    level, lines = logger.level, _Lines(tell)
    logger.addHandler(lines)
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(lines)


class _Lines(logging.Handler):
    def __init__(self, tell: Tell) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        self._tell(record.getMessage())
