"""The logging plugin of `usersmanager`: one record per call, one per attempt.

Never a token, a link, a body or a user id: the fields are an allow-list.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from usersmanager import Request
from usersmanager.plugins import Flow, Middleware, Proceed, hookimpl

__all__ = ["Logging"]

Record = Callable[[Request, int | None, int | str, float], None]

logging.getLogger("usersmanager").addHandler(logging.NullHandler())


class Logging:
    """Logs to `usersmanager.call` (INFO; WARNING if it failed) and `usersmanager.attempt` (DEBUG).

    Each record has the extra fields `operation`, `status` (an int, or None if no
    response came), `outcome` (the status, or the class of the error), `attempt` (its
    number; for a call, how many there were) and `elapsed` (seconds, waits included).

    Example:
        `logging.getLogger("usersmanager").setLevel(logging.DEBUG)`
    """

    def __init__(self) -> None:
        self._call = logging.getLogger("usersmanager.call")
        self._attempt = logging.getLogger("usersmanager.attempt")

    @hookimpl(tryfirst=True)
    def usersmanager_wrap_call(self) -> Middleware:
        """Outermost, so that the time it takes is the caller's."""
        return self._around_call

    @hookimpl(trylast=True)
    def usersmanager_wrap_attempt(self) -> Middleware:
        """Innermost, so that the time it takes is the transport's."""
        return self._around_attempt

    def _around_call(self, request: Request, proceed: Proceed) -> Flow:
        if not self._call.isEnabledFor(logging.WARNING):
            return proceed(request)
        return self._logged(request, proceed, self._record_call)

    def _around_attempt(self, request: Request, proceed: Proceed) -> Flow:
        if not self._attempt.isEnabledFor(logging.DEBUG):
            return proceed(request)
        return self._logged(request, proceed, self._record_attempt)

    def _logged(self, request: Request, proceed: Proceed, record: Record) -> Flow:
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
            record(request, status, outcome, time.perf_counter() - started)
        return response

    def _record_call(
        self, request: Request, status: int | None, outcome: int | str, elapsed: float
    ) -> None:
        succeeded = status is not None and status < 300
        level = logging.INFO if succeeded else logging.WARNING
        if self._call.isEnabledFor(level):
            message = "%(operation)s: %(outcome)s after %(attempt)d attempt(s) in %(elapsed).3f s"
            fields = _fields(request, status, outcome, elapsed)
            self._call.log(level, message, fields, extra=fields)

    def _record_attempt(
        self, request: Request, status: int | None, outcome: int | str, elapsed: float
    ) -> None:
        message = "%(operation)s attempt %(attempt)d: %(outcome)s in %(elapsed).3f s"
        fields = _fields(request, status, outcome, elapsed)
        self._attempt.debug(message, fields, extra=fields)


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
