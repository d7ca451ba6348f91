"""The state of a SingleFlight: for each key, the leader, the waiting callers and the outcome.

Nothing here blocks. A signal handler may raise at any line, and the garbage collector may close
another flow of the same thread. Therefore, the lock is re-entrant, and a method can be called again
to complete an interrupted call.
"""

from __future__ import annotations

import os
from collections.abc import Hashable
from typing import Any
from weakref import WeakSet

from .._values.deadline import Deadline
from .._values.lock import Lock
from .._values.token import Secret
from .mistakes import WAITS_FOR_ITSELF, MistakeError
from .outcome import Outcome
from .running import running_id
from .waiter import Waiter

__all__ = ["Caller", "Flights"]


class Caller:
    """A call that has joined a flight.

    Args:
        waiter: wakes the call when it waits.
        deadline: the deadline of the call.

    Attributes:
        flight: its flight from `join` to `leave`, otherwise None.
        outcome: the outcome to share when it leaves, or None.
        runner: the id of the task or thread that runs it.
    """

    __slots__ = ("deadline", "flight", "outcome", "runner", "waiter")

    def __init__(self, waiter: Waiter, deadline: Deadline) -> None:
        self.waiter = waiter
        self.deadline = deadline
        self.flight: _Flight | None = None
        self.outcome: Outcome[Any] | None = None
        self.runner = running_id()


class _Flight:
    """The callers that share an outcome. The oldest is the leader and acts; the others wait.

    Attributes:
        key: the key, sealed because it may contain a token.
        callers: the callers that have not left, in the order in which they joined.
        outcome: the shared outcome, or None if there is none yet.
        watched: the time, in seconds of ``time.monotonic()``, until which waiting callers sleep
            before they check the leader again.
    """

    __slots__ = ("callers", "key", "outcome", "watched")

    def __init__(self, key: Secret[Hashable]) -> None:
        self.key = key
        self.callers: dict[Caller, None] = {}
        self.outcome: Outcome[Any] | None = None
        self.watched = float("-inf")

    def leader(self) -> Caller | None:
        """Return the caller that acts, after removing those whose deadline has passed."""
        while (oldest := self._oldest()) is not None and oldest.deadline.remaining() <= 0:
            self.callers.pop(oldest, None)
        return oldest

    def _oldest(self) -> Caller | None:
        for caller in self.callers:  # Unlike `next(iter(...))`, this can't be interrupted.
            return caller
        return None

    def elect(self) -> None:
        """Wake the new leader."""
        while (leader := self.leader()) is not None and not leader.waiter.wake():
            self.callers.pop(leader, None)
        if leader is not None and leader.deadline.moment < self.watched:
            self.wake_all()  # They would otherwise notice its deadline too late.
            self.watched = leader.deadline.moment

    def wake_all(self) -> None:
        """Wake every caller."""
        for caller in list(self.callers):
            caller.waiter.wake()


class Flights:
    """The flights of a SingleFlight. A forked process starts without any."""

    def __init__(self) -> None:
        self.reset()
        _instances.add(self)

    def reset(self) -> None:
        """Discard all flights, and create a new lock."""
        self._lock = Lock()
        self._open: dict[Hashable, _Flight] = {}

    def join(self, caller: Caller, key: Secret[Hashable]) -> None:
        """Add a caller to the flight of a key.

        Raises:
            TypeError: the key is not hashable.
        """
        with self._lock:
            flight = self._open.get(key.reveal())
            if flight is None or flight.outcome is not None:
                flight = _Flight(key)
            caller.flight = flight  # First, so that `leave` finds it.
            flight.callers[caller] = None
            self._open[key.reveal()] = flight

    def turn(self, caller: Caller) -> Deadline | Outcome[Any] | None:
        """Return the outcome, or how long to wait, or None if it is this caller's turn to act.

        Raises:
            PluginError: the caller would wait for itself.
        """
        flight = caller.flight
        if flight is None:
            return None
        with self._lock:
            if flight.outcome is not None:
                return flight.outcome
            leader = flight.leader()
            if leader is caller:
                return None
            if leader is None:  # The caller's own deadline has passed.
                return caller.deadline
            if leader.runner == caller.runner:
                raise MistakeError(WAITS_FOR_ITSELF)
            flight.watched = max(flight.watched, leader.deadline.moment)
            return leader.deadline

    def leave(self, caller: Caller) -> None:
        """Remove a caller: share its outcome, or let the next caller act.

        Calling it again has no effect, or completes a call that was interrupted.
        """
        flight = caller.flight
        if flight is None:
            return
        with self._lock:
            if caller.outcome is not None and flight.leader() is caller:
                flight.outcome = caller.outcome
            flight.callers.pop(caller, None)
            if flight.outcome is None:
                flight.elect()
            elif flight.outcome is caller.outcome:
                flight.wake_all()
            if flight.outcome is not None or not flight.callers:
                self._close(flight)
        caller.flight = None

    def _close(self, flight: _Flight) -> None:
        if self._open.get(flight.key.reveal()) is flight:
            del self._open[flight.key.reveal()]

    def forget(self, key: Secret[Hashable]) -> None:
        """Close the flight of a key to newcomers.

        Raises:
            TypeError: the key is not hashable.
        """
        with self._lock:
            self._open.pop(key.reveal(), None)


_instances: WeakSet[Flights] = WeakSet()


def _reset_all() -> None:
    for flights in list(_instances):
        flights.reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_all)
