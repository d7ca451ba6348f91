"""The logging plugin of `usersmanager`: one record per call, one per attempt.

Never a token, a link, a body or a user id: the fields are an allow-list.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from usersmanager import Flow, Proceed, Request, Wrap, hookimpl

__all__ = ["Logging"]

Fields = dict[str, object]

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
    def usersmanager_wrap_call(self) -> Wrap:
        """Outermost, so that the time it takes is the caller's."""
        return self._around_call

    @hookimpl(trylast=True)
    def usersmanager_wrap_attempt(self) -> Wrap:
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

    def _logged(self, request: Request, proceed: Proceed, record: Callable[[Fields], None]) -> Flow:
        fields: Fields = {"operation": request.operation, "status": None, "outcome": "interrupted"}
        started = time.perf_counter()
        try:
            response = yield from proceed(request)
            fields["status"] = fields["outcome"] = response.status
        except Exception as error:
            fields["outcome"] = type(error).__name__
            raise
        finally:
            fields["attempt"] = request.call.attempts
            fields["elapsed"] = time.perf_counter() - started
            record(fields)
        return response

    def _record_call(self, fields: Fields) -> None:
        succeeded = isinstance(fields["status"], int) and fields["status"] < 300
        message = "%(operation)s: %(outcome)s after %(attempt)d attempt(s) in %(elapsed).3f s"
        self._call.log(
            logging.INFO if succeeded else logging.WARNING, message, fields, extra=fields
        )

    def _record_attempt(self, fields: Fields) -> None:
        message = "%(operation)s attempt %(attempt)d: %(outcome)s in %(elapsed).3f s"
        self._attempt.debug(message, fields, extra=fields)
