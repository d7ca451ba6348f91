"""The retry plugin. Its only state between calls is the budget."""

from __future__ import annotations

import time

from tenacity import RetryCallState, Retrying, stop_after_attempt
from tenacity.stop import StopBaseT
from tenacity.wait import WaitBaseT

from usersmanager import Request, Response, TransportError
from usersmanager.plugins import (
    Flow,
    Proceed,
    hookimpl,
    sleep,
    validate_count,
    validate_seconds,
)

from .budget import Budget
from .policy import full_jitter, is_retryable

__all__ = ["Retry"]


class Retry:
    """Retry transient errors: of connections, and 408, 425, 429, 500, 502, 503 and 504.

    `impersonate` is only retried if it was certainly not processed: not sent, or 429. If the server
    asks for a longer wait than `max_wait`, or a wait would exceed the deadline of the call, the
    call fails at once, and the `retry_after` of the error is what the server asked for.

    Args:
        attempts: the maximum number of attempts, including the first; 1 or more.
        wait: a tenacity wait strategy. The default is `full_jitter()`: up to 0.1 s (1 s after 429
            and 503) before the first retry, up to 5 s later, or the Retry-After of the server.
            Another strategy decides itself whether to respect a Retry-After.
        stop: a tenacity stop strategy, instead of `attempts`.
        budget: limits the retries of all calls together.
        max_wait: the maximum seconds of a wait. A longer backoff is shortened to it.

    Raises:
        ArgumentError: `attempts` or `max_wait` is not a positive number.

    Example:
        `UsersManager(url, plugins=[Retry(attempts=5)])`
    """

    name = "retry"
    retries = True

    def __init__(
        self,
        attempts: int = 3,
        *,
        wait: WaitBaseT | None = None,
        stop: StopBaseT | None = None,
        budget: Budget | None = None,
        max_wait: float = 5.0,
    ) -> None:
        validate_count("attempts", attempts)
        self._max_wait = validate_seconds("max_wait", max_wait)
        self._tenacity = Retrying(
            retry=is_retryable,
            wait=wait or full_jitter(),
            stop=stop or stop_after_attempt(attempts),
        )
        self._budget = budget or Budget()

    @hookimpl
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        """Retry the call."""
        started = time.monotonic()
        state: RetryCallState | None = None
        while True:
            outcome: Response | TransportError
            try:
                outcome = yield from proceed(request)
            except TransportError as error:
                outcome = error
            if isinstance(outcome, Response) and outcome.status < 300:
                self._budget.refund(retried=state is not None)
                return outcome
            # Not earlier: a call that succeeds at once does not need tenacity.
            state = state or self._new_state(request, started)
            seconds = self._next_wait(state, outcome)
            if seconds is None:
                break
            yield from sleep(seconds)
            state.prepare_for_next_attempt()
        if isinstance(outcome, Response):
            return outcome
        try:
            raise outcome
        finally:
            del outcome, state  # Break the reference cycle.

    def _new_state(self, request: Request, started: float) -> RetryCallState:
        state = RetryCallState(retry_object=self._tenacity, fn=None, args=(request,), kwargs={})
        state.start_time = started
        return state

    def _next_wait(self, state: RetryCallState, outcome: Response | TransportError) -> float | None:
        """Return the seconds to wait before the next attempt, or None to give up."""
        if isinstance(outcome, Response):
            state.set_result(outcome)
        else:
            state.set_exception((type(outcome), outcome, outcome.__traceback__))
        if not self._tenacity.retry(state) or self._tenacity.stop(state):
            return None
        # Not shortened to max_wait: the server would reject an attempt that comes too early.
        if (outcome.retry_after or 0.0) > self._max_wait:
            return None
        seconds = min(float(self._tenacity.wait(state)), self._max_wait)
        request: Request = state.args[0]
        if seconds >= request.remaining() or not self._budget.spend():
            return None
        return seconds
