"""Lookup: the path of a call through the cache, written once for sync and asyncio.

find:  a fresh entry answers, or a failure that is remembered
share: of the calls that find nothing, one leads and the others wait for its answer
lead:  the leader waits for other processes, and looks once more
ask:   it makes the request and learns from the response

A stale entry answers the call that leads and those that wait if the provider is unavailable.
"""

from __future__ import annotations

from typing import TypeVar

from usersmanager import (
    DeadlineExceededError,
    ProviderUnavailableError,
    Request,
    Response,
    UsersManagerError,
)
from usersmanager.plugins import Flow, Proceed, SingleFlight
from usersmanager.transports import Deadline

from . import clock
from .clock import Instant
from .entries import Entries
from .entry import Entry, entry_for
from .failures import Failures
from .key import Key, Scope
from .marks import Marks
from .memory import Bounded
from .own_answer import OwnAnswerError, request_to_share, unwrapped
from .visit import Answer, Visit

__all__ = ["Lookup"]

T = TypeVar("T")

_MAX_ASKING = 10_000


class Lookup:
    """Answer calls from entries and failures, and fill them.

    Args:
        entries: where entries are kept.
        failures: what is remembered of failures.
        max_age: the lifetime of an entry, in seconds.
        stale_if_error: the seconds by which an error extends it.
    """

    def __init__(
        self, entries: Entries, failures: Failures, *, max_age: float, stale_if_error: float
    ) -> None:
        self._entries = entries
        self._failures = failures
        self._max_age = max_age
        self._stale_if_error = stale_if_error
        self._flight = SingleFlight()
        self._marks = Marks()
        self._asking: Bounded[tuple[Scope, Deadline]] = Bounded(_MAX_ASKING)

    def visit(self, request: Request, key: Key, scope: Scope) -> Visit:
        """Return the visit of a call that begins now."""
        return Visit(request, key, scope, self._marks.of(key))

    def answer(self, visit: Visit, proceed: Proceed) -> Flow[Response]:
        """Return the answer to a call."""
        known = yield from self._find(visit)
        if known is not None:
            return known
        shared = self._stale_if_unavailable(visit, self._share(visit, proceed))
        return (yield from unwrapped(shared))

    def forget(self, key: Key) -> Flow[bool]:
        """Forget everything about a key; return whether its entry is certainly gone."""
        self._failures.forget(key)
        return bool((yield from _in_time(self._evict(key))))

    def _evict(self, key: Key) -> Flow[bool]:
        self._marks.renew(key)  # First: a response that is on its way must not be kept.
        return (yield from self._entries.delete(key))

    def _find(self, visit: Visit) -> Flow[Response | None]:
        entry = yield from self._entries.get(visit.key)
        visit.entry = entry if entry is not None and entry.scope == visit.scope else None
        return self._known(visit, clock.now())

    def _known(self, visit: Visit, now: Instant) -> Response | None:
        """Return the answer that needs no request, or None."""
        if visit.entry is not None and visit.entry.is_fresh(now):
            visit.outcome = "hit"
            return visit.entry.response
        failure = self._failures.find(visit.key, visit.scope, now)
        if failure is None:
            return None
        response = self._stale(visit, now)
        if response is None and (response := failure.answer(now)) is not None:
            visit.outcome = "refused"
        return response

    def _stale(self, visit: Visit, now: Instant) -> Response | None:
        """Return the answer of an entry that may be stale, or None."""
        entry = visit.entry
        is_valid = self._marks.of(visit.key) is visit.mark
        if entry is None or not is_valid or not entry.is_usable(now, self._stale_if_error):
            return None
        visit.outcome = "stale"
        return entry.response

    def _stale_if_unavailable(self, visit: Visit, flow: Flow[Response]) -> Flow[Response]:
        """Run a flow, and return a stale answer if it finds the provider unavailable."""
        try:
            response = yield from flow
        except ProviderUnavailableError:
            stale = self._back_off(visit)
            if stale is None:
                raise
            return stale
        is_unavailable = response.status == 429 or 500 <= response.status < 600
        return (self._back_off(visit) if is_unavailable else None) or response

    def _back_off(self, visit: Visit) -> Response | None:
        """Return a stale answer, and make no request for a while; None if there is none."""
        now = clock.now()
        response = self._stale(visit, now)
        if response is not None:
            self._failures.back_off(visit.key, visit.scope, now)
        return response

    def _share(self, visit: Visit, proceed: Proceed) -> Flow[Response]:
        visit.outcome = "waited"
        # With the mark: a call that comes after `forget` does not wait for a request before it.
        key = (visit.key, visit.scope, visit.mark)
        answer = yield from self._flight.run(key, lambda: self._lead(visit, proceed))
        if visit.outcome == "waited" and answer.outcome in ("stale", "refused"):
            visit.outcome = answer.outcome
        return answer.response

    def _lead(self, visit: Visit, proceed: Proceed) -> Flow[Answer]:
        visit.outcome = "miss"
        patience = visit.request.remaining() / 2  # The rest is for the request.
        is_locked = yield from self._entries.acquire(visit.key, visit.request.call, patience)
        try:
            response = (yield from self._find(visit)) or self._stale_if_overdue(visit)
            if response is None:
                response = yield from self._ask(visit, proceed)
        except (UsersManagerError, OwnAnswerError):
            yield from self._release(visit, is_locked=is_locked)
            raise
        yield from self._release(visit, is_locked=is_locked)
        return Answer(visit.outcome, response)

    def _release(self, visit: Visit, *, is_locked: bool) -> Flow[None]:
        if is_locked:
            yield from _in_time(self._entries.release(visit.key, visit.request.call))

    def _stale_if_overdue(self, visit: Visit) -> Response | None:
        """Return a stale answer if the deadline of a request for the same has passed, or None.

        The call that made the request has not noticed it yet, and the next one leads.
        """
        scope, deadline = self._asking.get(visit.key) or (None, visit.request.deadline)
        is_overdue = scope == visit.scope and deadline.remaining() <= 0
        return self._back_off(visit) if is_overdue else None

    def _ask(self, visit: Visit, proceed: Proceed) -> Flow[Response]:
        self._asking.put(visit.key, (visit.scope, visit.request.deadline))
        try:
            request = self._request(visit, proceed)
            return (yield from self._stale_if_unavailable(visit, request))
        finally:
            self._asking.pop(visit.key)

    def _request(self, visit: Visit, proceed: Proceed) -> Flow[Response]:
        asked = clock.now()
        response = yield from request_to_share(visit.request, proceed)
        yield from self._learn(visit, response, asked)
        return response

    def _learn(self, visit: Visit, response: Response, asked: Instant) -> Flow[None]:
        self._failures.learn(visit.key, visit.scope, visit.request, response, clock.now())
        if response.status in (401, 403):
            yield from _in_time(self._evict(visit.key))
        entry = entry_for(visit.request, response, visit.scope, asked, self._max_age)
        if entry is not None:
            yield from self._keep(visit, entry)

    def _keep(self, visit: Visit, entry: Entry) -> Flow[None]:
        if self._marks.of(visit.key) is visit.mark:
            ttl = entry.lifetime(self._stale_if_error)
            yield from _in_time(self._entries.put(visit.key, entry, ttl))
            self._failures.forget(visit.key)
        if self._marks.of(visit.key) is not visit.mark:  # It was forgotten, maybe only just now.
            yield from _in_time(self._entries.delete(visit.key))


def _in_time(flow: Flow[T]) -> Flow[T | None]:
    """Run a flow until the deadline of the call at most: keeping an answer must not cost it."""
    try:
        return (yield from flow)
    except DeadlineExceededError:
        return None
