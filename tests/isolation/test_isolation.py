"""No call gets the response to another call, whatever a server does.

The rules of a state machine make calls and plan faults at random, and its invariants check the
guarantees. `ISOLATION_EXAMPLES=300 pytest -m "" tests/isolation` searches longer, and with a
random seed.
"""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.descriptors import count_descriptors
from tests.isolation.drivers import (
    POOL,
    AsyncDriver,
    Attempts,
    Driver,
    NativeAsyncDriver,
    NativeSyncDriver,
    Outcome,
    PlannedCall,
    SyncDriver,
)
from tests.isolation.server import ATTACKER, FAULTS, SLOW, Server

from usersmanager import APIError, DecodeError, LifecycleError, TransportError
from usersmanager.testing.fault_server import profile
from usersmanager_cache import Cache

pytestmark = pytest.mark.slow

TIMEOUT = 0.2
# Seconds by which a call may end late. Transports guarantee 0.1; the rest is for a busy machine.
# A response that is sent too slowly takes longer than both together.
SLACK = 6.0

MOMENT = 0.02
ATTEMPTS = 3
EXPECTED = (APIError, DecodeError, LifecycleError, TransportError)

EXAMPLES = int(os.environ.get("ISOLATION_EXAMPLES", 0))
SETTINGS = settings(
    max_examples=EXAMPLES or 15,
    stateful_step_count=15,
    deadline=None,
    derandomize=not EXAMPLES,
    database=None,
    # The scheduling of threads is not repeatable, so that shrinking is impossible.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

faults = st.lists(st.sampled_from(FAULTS), min_size=1, max_size=3)
many_faults = st.lists(st.sampled_from(FAULTS), min_size=3, max_size=8)
users = st.integers(0, 9).map("user-{}".format)
several_users = st.lists(users, min_size=2, max_size=POOL + 2)
loop_iterations = st.integers(0, 12)
moments = st.sampled_from([0.001, 0.003, 0.01, 0.03, 0.1])
slow_faults = st.sampled_from(SLOW)
unsolicited = st.sampled_from([profile(ATTACKER), profile(ATTACKER) * 3, b"\r\n", b"x"])


class ResourceCount(NamedTuple):
    """The resources that a program may leak."""

    threads: int
    descriptors: int

    @classmethod
    def take(cls) -> ResourceCount:
        return cls(threading.active_count(), count_descriptors())

    def is_exceeded(self) -> bool:
        """Whether there are more resources now."""
        return any(now > before for now, before in zip(ResourceCount.take(), self, strict=True))


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait up to ten seconds for the server's threads and for garbage collection."""
    limit = time.monotonic() + 10
    while not condition() and time.monotonic() < limit:
        time.sleep(0.01)
        gc.collect()


class Isolation(RuleBasedStateMachine):
    """The rules for sync and async managers."""

    driver: ClassVar[Callable[[str, Attempts, Sequence[object]], Driver]]
    violations: ClassVar[list[str]]

    def __init__(self) -> None:
        super().__init__()
        self.before = ResourceCount.take()
        self.server = Server().__enter__()
        self.attempts = Attempts()
        self.users = type(self).driver(self.server.origin, self.attempts, self.plugins())
        self.calls = 0
        self.impersonations: set[str] = set()
        self.answered: set[str] = set()
        self.history: list[str] = []

    def plugins(self) -> list[object]:
        """Return more plugins."""
        return []

    def new_call(
        self, user: str, *, impersonation: bool = False, timeout: float = TIMEOUT, **options: Any
    ) -> PlannedCall:
        self.calls += 1
        token = f"{user}.{self.calls}"
        if impersonation:
            self.impersonations.add(token)
        return PlannedCall(token, impersonation, timeout, **options)

    def perform(
        self, calls: list[PlannedCall], planned: list[str], *, close_after: float | None = None
    ) -> None:
        """Make concurrent calls while the server does what is planned."""
        self.server.plan(planned)
        outcomes = self.users.perform(calls, close_after=close_after)
        self.history.append(f"planned {planned}, closed after {close_after}")
        for outcome in outcomes:
            self.check(outcome, closing=close_after is not None)

    def check(self, outcome: Outcome, *, closing: bool = False) -> None:
        self.history.append(repr(outcome))
        error = outcome.error
        self.guarantee(outcome.late <= SLACK, "too late", outcome)
        if error is None:
            self.answered.add(outcome.call.token)
            self.guarantee(
                outcome.owner == outcome.call.token, "the response to another call", outcome
            )
        elif not (outcome.call.cancel_after and isinstance(error, asyncio.CancelledError)):
            self.guarantee(isinstance(error, EXPECTED), "not a documented error", outcome)
            self.guarantee(closing or not isinstance(error, LifecycleError), "not closed", outcome)

    def guarantee(self, is_kept: bool, *details: object) -> None:
        """Assert, and record a violation in case hypothesis repeats the run without one."""
        if not is_kept:
            self.violations.append(f"{details}\nafter\n" + "\n".join(self.history))
            raise AssertionError(self.violations[-1])

    @rule(user=users, planned=faults)
    def one_call_is_made(self, user: str, planned: list[str]) -> None:
        self.perform([self.new_call(user)], planned)

    @rule(together=several_users, planned=many_faults)
    def concurrent_calls_are_made(self, together: list[str], planned: list[str]) -> None:
        self.perform([self.new_call(user) for user in together], planned)

    @rule(user=users, planned=faults, others=st.lists(users, max_size=2))
    def a_user_is_impersonated(self, user: str, planned: list[str], others: list[str]) -> None:
        self.perform(
            [self.new_call(user, impersonation=True), *map(self.new_call, others)], planned
        )

    @rule(
        together=several_users,
        planned=faults,
        impersonation=st.booleans(),
        seconds=st.sampled_from([0, 0.001, 0.003, 0.01]),
    )
    def the_manager_is_closed_during_calls(
        self, together: list[str], planned: list[str], impersonation: bool, seconds: float
    ) -> None:
        # The last ones may be waiting for a connection when the manager is closed.
        calls = [
            self.new_call(user, impersonation=impersonation and index < POOL)
            for index, user in enumerate(together)
        ]
        self.perform(calls, planned, close_after=seconds)

    @rule()
    def the_manager_is_renewed(self) -> None:
        self.history.append("renewed")
        self.users.renew()

    @rule(data=unsolicited, user=users)
    def unsolicited_bytes_arrive_on_idle_connections(self, data: bytes, user: str) -> None:
        self.history.append(f"unsolicited {data!r}")
        self.server.send_unsolicited(data)
        self.users.idle(MOMENT)
        self.perform([self.new_call(user)], [])

    @rule(data=unsolicited, user=users)
    def unsolicited_bytes_arrive_while_the_event_loop_is_blocked(
        self, data: bytes, user: str
    ) -> None:
        def work() -> None:
            self.server.send_unsolicited(data)
            time.sleep(MOMENT)

        self.history.append(f"unsolicited {data!r} during work")
        self.check(self.users.perform_after(work, self.new_call(user)))

    @rule()
    def time_passes(self) -> None:
        self.users.idle(MOMENT)

    @invariant()
    def attempts_are_counted(self) -> None:
        for token, count in list(self.attempts.counts.items()):
            self.guarantee(count <= ATTEMPTS, token, count)

    @invariant()
    def only_the_retry_plugin_sends_again(self) -> None:
        for token, requests in list(self.server.requests_by_token.items()):
            attempts = self.attempts.counts[token]
            self.guarantee(requests <= attempts, "sent again", token, requests, attempts)

    @invariant()
    def an_impersonation_is_processed_once(self) -> None:
        for token in self.impersonations:
            requests, limited = self.server.requests_by_token[token], self.server.limited[token]
            self.guarantee(requests <= 1 + limited, "impersonated twice", token, requests, limited)

    @invariant()
    def no_unusable_connection_is_reused(self) -> None:
        # The server may read the request of an abandoned call after later unsolicited bytes.
        for token in self.server.misused.keys() & self.answered:
            self.guarantee(False, token, self.server.misused[token])

    @invariant()
    def the_event_loop_reports_no_error(self) -> None:
        self.guarantee(not self.users.loop_errors, *self.users.loop_errors)

    def check_that_the_pool_is_intact(self) -> None:
        """Check that as many concurrent calls succeed as the pool has connections."""
        self.server.forget_plans()
        wait_until(lambda: not self.server.busy)
        calls = [self.new_call("last", timeout=5) for _ in range(POOL)]
        for outcome in self.users.perform(calls):
            self.check(outcome)
            attempts = self.attempts.counts[outcome.call.token]
            self.guarantee(
                outcome.error is None and attempts == 1, "the pool is damaged", outcome, attempts
            )

    def teardown(self) -> None:
        try:
            self.check_that_the_pool_is_intact()
        finally:
            self.users.close()
            self.server.__exit__(None, None, None)
        self.only_the_retry_plugin_sends_again()
        self.an_impersonation_is_processed_once()
        self.no_unusable_connection_is_reused()
        self.the_event_loop_reports_no_error()
        self.nothing_leaks()

    def nothing_leaks(self) -> None:
        wait_until(lambda: not self.before.is_exceeded())
        self.guarantee(not self.before.is_exceeded(), "leaked", self.before, ResourceCount.take())


class SyncIsolation(Isolation):
    """A sync manager, called from threads."""

    driver = SyncDriver


class AsyncIsolation(Isolation):
    """An async manager, called from tasks that may be cancelled."""

    driver = AsyncDriver

    @rule(
        together=several_users,
        planned=faults,
        iterations=loop_iterations,
        impersonation=st.booleans(),
    )
    def calls_are_cancelled_at_an_await(
        self, together: list[str], planned: list[str], iterations: int, impersonation: bool
    ) -> None:
        calls = [
            self.new_call(user, impersonation=impersonation, cancel_after=(0, iterations + index))
            for index, user in enumerate(together)
        ]
        self.perform([*calls, self.new_call("another")], planned)

    @rule(user=users, fault=slow_faults, seconds=moments, impersonation=st.booleans())
    def a_call_is_cancelled_while_its_response_arrives(
        self, user: str, fault: str, seconds: float, impersonation: bool
    ) -> None:
        cancelled = self.new_call(user, impersonation=impersonation, cancel_after=(seconds, 0))
        self.perform([cancelled, self.new_call("another")], [fault, fault])


class NativeSyncIsolation(SyncIsolation):
    """A sync manager over native."""

    driver = NativeSyncDriver


class NativeAsyncIsolation(AsyncIsolation):
    """An async manager over native."""

    driver = NativeAsyncDriver


class Cached(Isolation):
    """With a cache, and calls with the token of an earlier one."""

    def plugins(self) -> list[object]:
        return [Cache(max_age=0.1, stale_if_error=0.2, negative_max_age=0.1)]

    @rule(together=several_users, planned=many_faults)
    def the_same_calls_are_made_again(self, together: list[str], planned: list[str]) -> None:
        calls = [self.new_call(user) for user in together]
        self.perform(calls * 3, planned)
        self.perform(calls, planned)

    @invariant()
    def attempts_are_counted(self) -> None:
        """Do nothing: a token has many calls."""


class CachedSyncIsolation(Cached, SyncIsolation):
    """A sync manager with a cache."""


class CachedAsyncIsolation(Cached, AsyncIsolation):
    """An async manager with a cache."""


def run(machine: type[Isolation]) -> None:
    machine.violations = []
    try:
        run_state_machine_as_test(machine, settings=SETTINGS)
    except Flaky as flaky:
        raise AssertionError(
            machine.violations[0] if machine.violations else "flaky without a violation"
        ) from flaky


@pytest.mark.parametrize("machine", [SyncIsolation, NativeSyncIsolation, CachedSyncIsolation])
def test_calls_from_threads_get_their_own_responses(machine: type[Isolation]) -> None:
    run(machine)


@pytest.mark.parametrize("machine", [AsyncIsolation, NativeAsyncIsolation, CachedAsyncIsolation])
def test_calls_from_tasks_get_their_own_responses(machine: type[Isolation]) -> None:
    run(machine)
