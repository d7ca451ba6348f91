"""The retry plugin. Its only state between calls is the budget."""

from __future__ import annotations

import time
from datetime import timedelta

from tenacity import RetryCallState, Retrying
from tenacity.stop import StopBaseT
from tenacity.wait import WaitBaseT

from usersmanager import ArgumentError, Request, Response, TransportError
from usersmanager.plugins import Flow, Proceed, hookimpl, sleep, validate_seconds

from .budget import Budget
from .policy import full_jitter, is_retryable
from .settings import seconds_to_wait, should_stop, stop_strategy, wait_strategy

__all__ = ["Retry"]


class Retry:
    """Retry connection errors, and the statuses 408, 425, 429, 500, 502, 503 and 504.

    The statuses 520 to 524, 527 and 530, sent by edge servers, are retried like 502 and 504.
    An operation that is not idempotent, such as ``impersonate``, is retried only if it was
    certainly not processed: not sent, or 429. If the server asks for a longer wait than
    ``max_wait``, or a wait would exceed the deadline of the call, the call fails immediately, and
    ``retry_after`` of the error is the wait that the server asked for.

    Args:
        attempts: the maximum number of attempts, including the first; 1 or more, 3 by default.
        wait: how long to wait before a retry: a number of seconds, 0 or more; a timedelta; or a
            tenacity wait strategy, which may be any function of a RetryCallState that returns
            seconds. The default is `full_jitter()`: up to 0.1 s (1 s after 429 and 503) before the
            first retry, up to 5 s later, or the server's Retry-After if that is longer. Any other
            wait ignores Retry-After, unless the strategy supports it.
        stop: when to give up, instead of `attempts`: a number of attempts, or a tenacity stop
            strategy, which may be any function of a RetryCallState that returns a bool.
        budget: limits the retries of all calls together.
        max_wait: the maximum wait in seconds. A longer backoff is shortened to it.

    Raises:
        ArgumentError: an argument is invalid; `attempts` and `stop` are both given; or ``wait`` is
            fixed and longer than ``max_wait``.
        PluginError: during a call, if a strategy does not return a number of seconds or a bool.

    Example::

        Retry(attempts=5, wait=0.5)
        Retry(wait=wait_fixed(1) + wait_random(0, 1), stop=stop_after_delay(8))
    """

    name = "retry"
    retries = True

    def __init__(
        self,
        attempts: int | None = None,
        *,
        wait: float | timedelta | WaitBaseT | None = None,
        stop: int | StopBaseT | None = None,
        budget: Budget | None = None,
        max_wait: float = 5.0,
    ) -> None:
        self._max_wait = validate_seconds("max_wait", max_wait)
        self._wait = full_jitter() if wait is None else wait_strategy(wait, self._max_wait)
        self._stop = stop_strategy(attempts, stop)
        self._budget = Budget() if budget is None else budget
        if not isinstance(self._budget, Budget):
            raise ArgumentError("budget must be a Budget")
        self._tenacity = Retrying(retry=is_retryable, wait=self._wait, stop=self._stop)

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
            # Created late: a call that succeeds immediately does not need tenacity.
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
        if not is_retryable(state) or should_stop(self._stop, state):
            return None
        # Not shortened to max_wait: the server would reject an attempt that comes too early.
        if (outcome.retry_after or 0.0) > self._max_wait:
            return None
        seconds = min(seconds_to_wait(self._wait, state), self._max_wait)
        request: Request = state.args[0]
        if seconds >= request.remaining() or not self._budget.spend():
            return None
        return seconds
