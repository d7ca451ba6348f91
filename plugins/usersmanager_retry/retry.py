"""The flow of retrying. It keeps no state between calls but the budget."""

from __future__ import annotations

import time

from tenacity import RetryCallState, Retrying, stop_after_attempt
from tenacity.stop import StopBaseT
from tenacity.wait import WaitBaseT

from usersmanager import Request, Response, TransportError
from usersmanager.plugins import (
    Flow,
    Middleware,
    Proceed,
    hookimpl,
    sleep,
    validate_count,
    validate_seconds,
)

from .budget import Budget
from .policy import full_jitter, repeatable

__all__ = ["Retry"]


class Retry:
    """Repeats what failed in passing: connections, 408, 425, 429, 500, 502, 503, 504.

    `impersonate` is repeated only if it was surely not processed: not sent, or 429.
    No wait is longer than `max_wait`. If the server asks for a longer one, or the wait would pass
    the call's deadline, the call fails at once; `retry_after` on the error is what it asked for.

    Args:
        attempts: how many in all, at most; 1 or more.
        wait: a tenacity wait strategy, for seconds before the next attempt; by default
            full jitter from 0.1 s (1 s after 429 and 503) to 5 s, or the server's Retry-After.
            A strategy of your own decides itself whether to honour a Retry-After.
        stop: a tenacity stop strategy, in place of `attempts`.
        budget: what limits the retries of all calls together.
        max_wait: seconds; limits every single wait. A longer backoff is cut to it.

    Raises:
        ArgumentError: `attempts` is not a whole number above 0, or `max_wait` not a positive
            and finite number of seconds.

    Example:
        `UsersManager(url, plugins=[Retry(attempts=5)])`
    """

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
            retry=repeatable, wait=wait or full_jitter(), stop=stop or stop_after_attempt(attempts)
        )
        self._budget = budget or Budget()

    @hookimpl
    def usersmanager_wrap_call(self) -> Middleware:
        """Acts around the call: its attempts are inside."""
        return self._around

    def _around(self, request: Request, proceed: Proceed) -> Flow:
        started = time.monotonic()
        state: RetryCallState | None = None
        while True:
            outcome: Response | TransportError
            try:
                outcome = yield from proceed(request)
            except TransportError as error:
                outcome = error
            if isinstance(outcome, Response) and outcome.status < 300:
                self._budget.succeeded(retried=state is not None)
                return outcome
            # Only now: a call that succeeds at once pays nothing for tenacity.
            state = state or self._begin(request, started)
            pause = self._pause(state, outcome)
            if pause is None:
                break
            yield from sleep(pause)
            state.prepare_for_next_attempt()
        if isinstance(outcome, Response):
            return outcome
        try:
            raise outcome
        finally:
            del outcome, state  # Kept here, they would hold this frame, and it the request.

    def _begin(self, request: Request, started: float) -> RetryCallState:
        state = RetryCallState(retry_object=self._tenacity, fn=None, args=(request,), kwargs={})
        state.start_time = started
        return state

    def _pause(self, state: RetryCallState, outcome: Response | TransportError) -> float | None:
        """Seconds to wait before the next attempt, or None to give up."""
        if isinstance(outcome, Response):
            state.set_result(outcome)
        else:
            state.set_exception((type(outcome), outcome, outcome.__traceback__))
        if not self._tenacity.retry(state) or self._tenacity.stop(state):
            return None
        # Not cut to max_wait: the server would refuse an attempt that comes too early.
        if isinstance(outcome, Response) and (outcome.retry_after or 0.0) > self._max_wait:
            return None
        pause = min(float(self._tenacity.wait(state)), self._max_wait)
        request: Request = state.args[0]
        if pause >= request.remaining() or not self._budget.spend():
            return None
        return pause
