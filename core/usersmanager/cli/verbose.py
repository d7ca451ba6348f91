"""Logging for `-v`: calls, attempts and waits, as they happen.

Plugins log calls and attempts. A wait is an effect, which no plugin needs to log:
`CallLogger` sees the effects of every plugin that is inside it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .. import Request, Response
from .._flow.effects import Effect, Sleep
from ..plugins import Flow, Proceed, hookimpl
from .output import escape_control_characters

__all__ = ["CallLogger", "log_to"]

_LOGGER = logging.getLogger("usersmanager.cli")


class CallLogger:
    """Plugin that logs the start of each call and of each wait."""

    @hookimpl(tryfirst=True)
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        """Log a call, outside every plugin that waits."""
        _LOGGER.debug("%s: %s %s", request.operation, request.method, request.url)
        return (yield from _log_waits(proceed(request)))


def _log_waits(flow: Flow[Response]) -> Flow[Response]:
    resume: Callable[[Any], Effect] = flow.send
    value: object = None
    while True:
        try:
            effect = resume(value)
        except StopIteration as end:
            response: Response = end.value
            return response
        finally:
            value = None  # Break the reference cycle of an error and this frame.
        if isinstance(effect, Sleep):
            _LOGGER.debug("waiting %.3f s", effect.seconds)
        try:
            resume, value = flow.send, (yield effect)
        except BaseException as error:
            resume, value = flow.throw, error


@contextmanager
def log_to(write_line: Callable[[str], None]) -> Iterator[None]:
    """Pass every log record of the library to a function, one line each."""
    logger = logging.getLogger("usersmanager")
    level, handler = logger.level, _LineHandler(write_line)
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)


class _LineHandler(logging.Handler):
    def __init__(self, write_line: Callable[[str], None]) -> None:
        super().__init__()
        self._write_line = write_line

    def emit(self, record: logging.LogRecord) -> None:
        self._write_line(escape_control_characters(record.getMessage()))
