"""Log one record per call and one per attempt, without tokens, links, bodies and user ids."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from usersmanager import Request
from usersmanager.plugins import Flow, Middleware, Proceed, hookimpl

__all__ = ["Logging"]

_Log = Callable[[Request, int | None, int | str, float], None]

logging.getLogger("usersmanager").addHandler(logging.NullHandler())


class Logging:
    """Log calls and attempts.

    Calls are logged to `usersmanager.call` (INFO, or WARNING for an error), attempts to
    `usersmanager.attempt` (DEBUG). Each record has the extra fields `operation`, `status` (an int,
    or None without a response), `outcome` (the status, or the class of the error), `attempt` (its
    number; for a call, the number of attempts) and `elapsed` (the seconds, including waits).

    Example:
        `logging.getLogger("usersmanager").setLevel(logging.DEBUG)`
    """

    def __init__(self) -> None:
        self._call_logger = logging.getLogger("usersmanager.call")
        self._attempt_logger = logging.getLogger("usersmanager.attempt")

    @hookimpl(tryfirst=True)
    def usersmanager_wrap_call(self) -> Middleware:
        """Return middleware for each call: the outermost, to measure the time of the caller."""
        return self._log_call

    @hookimpl(trylast=True)
    def usersmanager_wrap_attempt(self) -> Middleware:
        """Return middleware for each attempt: the innermost, to measure the transport."""
        return self._log_attempt

    def _log_call(self, request: Request, proceed: Proceed) -> Flow:
        if not self._call_logger.isEnabledFor(logging.WARNING):
            return proceed(request)
        return self._measure(request, proceed, self._log_call_record)

    def _log_attempt(self, request: Request, proceed: Proceed) -> Flow:
        if not self._attempt_logger.isEnabledFor(logging.DEBUG):
            return proceed(request)
        return self._measure(request, proceed, self._log_attempt_record)

    def _measure(self, request: Request, proceed: Proceed, log: _Log) -> Flow:
        status: int | None = None
        outcome: int | str = "interrupted"
        started = time.perf_counter()
        try:
            response = yield from proceed(request)
            status = outcome = response.status
        except Exception as error:
            outcome = type(error).__name__
            raise
        finally:
            log(request, status, outcome, time.perf_counter() - started)
        return response

    def _log_call_record(
        self, request: Request, status: int | None, outcome: int | str, elapsed: float
    ) -> None:
        succeeded = status is not None and status < 300
        level = logging.INFO if succeeded else logging.WARNING
        if self._call_logger.isEnabledFor(level):
            message = "%(operation)s: %(outcome)s after %(attempt)d attempt(s) in %(elapsed).3f s"
            fields = _fields(request, status, outcome, elapsed)
            self._call_logger.log(level, message, fields, extra=fields)

    def _log_attempt_record(
        self, request: Request, status: int | None, outcome: int | str, elapsed: float
    ) -> None:
        message = "%(operation)s attempt %(attempt)d: %(outcome)s in %(elapsed).3f s"
        fields = _fields(request, status, outcome, elapsed)
        self._attempt_logger.debug(message, fields, extra=fields)


def _fields(
    request: Request, status: int | None, outcome: int | str, elapsed: float
) -> dict[str, object]:
    return {
        "operation": request.operation,
        "status": status,
        "outcome": outcome,
        "attempt": request.call.attempts,
        "elapsed": elapsed,
    }
