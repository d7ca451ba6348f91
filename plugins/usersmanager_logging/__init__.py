"""Log one record per call and one per attempt, without tokens, links, bodies or user ids."""

from __future__ import annotations

import logging
import time

from usersmanager import APIError, Request, Response
from usersmanager.plugins import Flow, Proceed, hookimpl

__all__ = ["Logging"]

logging.getLogger("usersmanager").addHandler(logging.NullHandler())

_CALL = "%(operation)s: %(outcome)s after %(attempt)d attempt(s) in %(elapsed).3f s"
_ATTEMPT = "%(operation)s attempt %(attempt)d: %(outcome)s in %(elapsed).3f s"


class Logging:
    """Log calls and attempts.

    Calls are logged to ``usersmanager.call``, attempts to ``usersmanager.attempt`` (DEBUG). A
    successful call is logged at INFO, and so is a call that the API rejected with a 4xx status
    other than 429. Any other error is logged at WARNING, including interruptions and cancellation.

    Each record has the fields ``operation``, ``status`` (an int, or None without a response),
    ``outcome`` (the status, or the class of the exception that the caller gets), `attempt` (its
    number; for a call, the number of attempts) and ``elapsed`` (seconds; for a call, including
    waits). The record of a call also has the notes that plugins left in ``request.call.notes``,
    such as ``cache``. The fields are attributes of the record, unless the application's record
    factory has already set an attribute with that name. ``record.args`` always contains all of
    them. An exception raised by a handler or filter is not caught.

    Example::

        logging.getLogger("usersmanager").setLevel(logging.DEBUG)
    """

    name = "logging"

    def __init__(self) -> None:
        self._call_logger = logging.getLogger("usersmanager.call")
        self._attempt_logger = logging.getLogger("usersmanager.attempt")

    @hookimpl(tryfirst=True)
    def usersmanager_done(
        self,
        request: Request,
        response: Response | None,
        error: BaseException | None,
        elapsed: float,
    ) -> None:
        """Log a call with the outcome that the caller gets."""
        level = _level(error)
        if self._call_logger.isEnabledFor(level):
            fields = _fields(request, response, error, elapsed)
            _log(self._call_logger, level, _CALL, {**request.call.notes, **fields})

    @hookimpl(trylast=True)
    def usersmanager_wrap_attempt(self, request: Request, proceed: Proceed) -> Flow[Response]:
        """Log an attempt, with the duration of the transport alone."""
        if not self._attempt_logger.isEnabledFor(logging.DEBUG):
            return proceed(request)
        return self._log_attempt(request, proceed)

    def _log_attempt(self, request: Request, proceed: Proceed) -> Flow[Response]:
        started = time.perf_counter()
        response: Response | None = None
        error: BaseException | None = None
        try:
            response = yield from proceed(request)
        except BaseException as caught:
            error = caught
            raise
        finally:
            fields = _fields(request, response, error, time.perf_counter() - started)
            del error  # Break the reference cycle.
            _log(self._attempt_logger, logging.DEBUG, _ATTEMPT, fields)
        return response


def _level(error: BaseException | None) -> int:
    if error is None:
        return logging.INFO
    is_rejected = isinstance(error, APIError) and 400 <= error.status < 500 and error.status != 429
    return logging.INFO if is_rejected else logging.WARNING


def _fields(
    request: Request, response: Response | None, error: BaseException | None, elapsed: float
) -> dict[str, object]:
    status = None if response is None else response.status
    if status is None or (error is not None and not isinstance(error, APIError)):
        outcome: object = type(error).__name__
    else:
        outcome = status
    return {
        "operation": request.operation,
        "status": status,
        "outcome": outcome,
        "attempt": request.call.attempts,
        "elapsed": elapsed,
    }


def _log(logger: logging.Logger, level: int, message: str, fields: dict[str, object]) -> None:
    """Log a record with these fields. `extra` would raise KeyError for a field of a factory."""
    path, line, function, _ = logger.findCaller()
    record = logger.makeRecord(logger.name, level, path, line, message, (fields,), None, function)
    for name, value in fields.items():
        vars(record).setdefault(name, value)
    logger.handle(record)
