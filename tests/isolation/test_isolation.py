"""Whatever a server does, in whatever order: nobody gets anybody else's answer.

The rules make calls and plan faults at random; the invariants are the promises. A
longer search, and a random one: `ISOLATION_EXAMPLES=300 pytest tests/isolation`.
"""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from collections.abc import Callable
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
from tests.isolation.drivers import (
    POOL,
    Ask,
    AsyncDriver,
    Attempts,
    BlockingDriver,
    Driver,
    FastAsyncDriver,
    FastBlockingDriver,
    Outcome,
)
from tests.isolation.server import FAULTS, MALLORY, SLOW, Server

from usersmanager import APIError, DecodeError, LifecycleError, TransportError
from usersmanager.testing.fault_server import profile

pytestmark = pytest.mark.slow

TIMEOUT = 0.2
SLACK = 0.2
"""Seconds by which a call may end late: 0.1 promised, and as much for a loaded machine."""

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
    # What a server and two schedulers do is not repeated exactly, so it can't be shrunk.
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
unsolicited = st.sampled_from([profile(MALLORY), profile(MALLORY) * 3, b"\r\n", b"x"])


class Census(NamedTuple):
    """What a program may leak."""

    threads: int
    descriptors: int

    @classmethod
    def take(cls) -> Census:
        known = os.path.isdir("/proc/self/fd")
        return cls(threading.active_count(), len(os.listdir("/proc/self/fd")) if known else 0)

    def is_exceeded(self) -> bool:
        """Whether there is more of anything now."""
        return any(now > then for now, then in zip(Census.take(), self, strict=True))


def wait_until(condition: Callable[[], bool]) -> None:
    """Gives the threads of the server, and the collector, up to two seconds."""
    limit = time.monotonic() + 2
    while not condition() and time.monotonic() < limit:
        time.sleep(0.01)
        gc.collect()


class Isolation(RuleBasedStateMachine):
    """The rules for both modes."""

    driver: ClassVar[Callable[[str, Attempts], Driver]]
    broken: ClassVar[list[str]]

    def __init__(self) -> None:
        super().__init__()
        self.before = Census.take()
        self.server = Server().__enter__()
        self.attempts = Attempts()
        self.users = type(self).driver(self.server.origin, self.attempts)
        self.calls = 0
        self.impersonations: set[str] = set()
        self.answered: set[str] = set()
        self.story: list[str] = []

    def ask(
        self, user: str, *, impersonation: bool = False, timeout: float = TIMEOUT, **more: Any
    ) -> Ask:
        self.calls += 1
        token = f"{user}.{self.calls}"
        if impersonation:
            self.impersonations.add(token)
        return Ask(token, impersonation, timeout, **more)

    def perform(
        self, asks: list[Ask], planned: list[str], *, close_after: float | None = None
    ) -> None:
        """Makes calls at the same time, while the server does what is planned."""
        self.server.plan(planned)
        outcomes = self.users.perform(asks, close_after=close_after)
        self.story.append(f"planned {planned}, closed after {close_after}")
        for outcome in outcomes:
            self.check(outcome, closing=close_after is not None)

    def check(self, outcome: Outcome, *, closing: bool = False) -> None:
        self.story.append(repr(outcome))
        error = outcome.error
        self.promise(outcome.late <= SLACK, "too late", outcome)
        if error is None:
            self.answered.add(outcome.ask.token)
            self.promise(outcome.owner == outcome.ask.token, "another's answer", outcome)
        elif not (outcome.ask.patience and isinstance(error, asyncio.CancelledError)):
            self.promise(isinstance(error, EXPECTED), "not a documented error", outcome)
            self.promise(closing or not isinstance(error, LifecycleError), "not closed", outcome)

    def promise(self, kept: bool, *details: object) -> None:
        """An assertion that is not lost if a second run, with other timing, passes it."""
        if not kept:
            self.broken.append(f"{details}\nafter\n" + "\n".join(self.story))
            raise AssertionError(self.broken[-1])

    @rule(user=users, planned=faults)
    def one_calls(self, user: str, planned: list[str]) -> None:
        self.perform([self.ask(user)], planned)

    @rule(together=several_users, planned=many_faults)
    def many_call_at_once(self, together: list[str], planned: list[str]) -> None:
        self.perform([self.ask(user) for user in together], planned)

    @rule(user=users, planned=faults, others=st.lists(users, max_size=2))
    def one_impersonates(self, user: str, planned: list[str], others: list[str]) -> None:
        self.perform([self.ask(user, impersonation=True), *map(self.ask, others)], planned)

    @rule(
        together=several_users,
        planned=faults,
        impersonation=st.booleans(),
        seconds=st.sampled_from([0, 0.001, 0.003, 0.01]),
    )
    def the_manager_is_closed_under_the_callers(
        self, together: list[str], planned: list[str], impersonation: bool, seconds: float
    ) -> None:
        # The last may wait for a place in the pool as the manager is closed.
        asks = [
            self.ask(user, impersonation=impersonation and place < POOL)
            for place, user in enumerate(together)
        ]
        self.perform(asks, planned, close_after=seconds)

    @rule()
    def the_manager_is_renewed(self) -> None:
        self.story.append("renewed")
        self.users.renew()

    @rule(data=unsolicited, user=users)
    def idle_connections_are_disturbed(self, data: bytes, user: str) -> None:
        self.story.append(f"disturbed by {data!r}")
        self.server.disturb(data)
        self.users.idle(MOMENT)
        self.perform([self.ask(user)], [])

    @rule(data=unsolicited, user=users)
    def idle_connections_of_a_busy_program_are_disturbed(self, data: bytes, user: str) -> None:
        def work() -> None:
            self.server.disturb(data)
            time.sleep(MOMENT)

        self.story.append(f"disturbed by {data!r} while busy")
        self.check(self.users.perform_after(work, self.ask(user)))

    @rule()
    def time_passes(self) -> None:
        self.users.idle(MOMENT)

    @invariant()
    def attempts_are_counted(self) -> None:
        for token, made in list(self.attempts.made.items()):
            self.promise(made <= ATTEMPTS, token, made)

    @invariant()
    def nothing_is_sent_behind_our_back(self) -> None:
        for token, seen in list(self.server.seen.items()):
            made = self.attempts.made[token]
            self.promise(seen <= made, "sent again", token, seen, made)

    @invariant()
    def an_impersonation_is_processed_once(self) -> None:
        for token in self.impersonations:
            seen, limited = self.server.seen[token], self.server.limited[token]
            self.promise(seen <= 1 + limited, "impersonated twice", token, seen, limited)

    @invariant()
    def no_connection_is_used_again_that_must_not_be(self) -> None:
        # What was given up may be read late, after the next disturbance: it says nothing.
        for token in self.server.misused.keys() & self.answered:
            self.promise(False, token, self.server.misused[token])

    @invariant()
    def nobody_complains(self) -> None:
        self.promise(not self.users.complaints, *self.users.complaints)

    def is_as_good_as_new(self) -> None:
        """No place of the pool is lost, no connection spoilt: all who may call at once do."""
        self.server.behave()
        wait_until(lambda: not self.server.busy)
        fresh = [self.ask("last", timeout=5) for _ in range(POOL)]
        for outcome in self.users.perform(fresh):
            self.check(outcome)
            attempts = self.attempts.made[outcome.ask.token]
            self.promise(outcome.error is None and attempts == 1, "worn out", outcome, attempts)

    def teardown(self) -> None:
        try:
            self.is_as_good_as_new()
        finally:
            self.users.close()
            self.server.__exit__(None, None, None)
        self.nothing_is_sent_behind_our_back()
        self.an_impersonation_is_processed_once()
        self.no_connection_is_used_again_that_must_not_be()
        self.nobody_complains()
        self.nothing_is_left()

    def nothing_is_left(self) -> None:
        wait_until(lambda: not self.before.is_exceeded())
        self.promise(not self.before.is_exceeded(), "left behind", self.before, Census.take())


class BlockingIsolation(Isolation):
    """A blocking manager, threads."""

    driver = BlockingDriver


class AsyncIsolation(Isolation):
    """An asyncio manager, tasks, cancellations."""

    driver = AsyncDriver

    @rule(
        together=several_users,
        planned=faults,
        iterations=loop_iterations,
        impersonation=st.booleans(),
    )
    def some_are_cancelled_at_an_await(
        self, together: list[str], planned: list[str], iterations: int, impersonation: bool
    ) -> None:
        asks = [
            self.ask(user, impersonation=impersonation, patience=(0, iterations + place))
            for place, user in enumerate(together)
        ]
        self.perform([*asks, self.ask("another")], planned)

    @rule(user=users, fault=slow_faults, seconds=moments, impersonation=st.booleans())
    def one_is_cancelled_as_its_answer_comes(
        self, user: str, fault: str, seconds: float, impersonation: bool
    ) -> None:
        cancelled = self.ask(user, impersonation=impersonation, patience=(seconds, 0))
        self.perform([cancelled, self.ask("another")], [fault, fault])


class FastBlockingIsolation(BlockingIsolation):
    """The same over httptools."""

    driver = FastBlockingDriver


class FastAsyncIsolation(AsyncIsolation):
    """The same over httptools."""

    driver = FastAsyncDriver


def search(machine: type[Isolation]) -> None:
    machine.broken = []
    try:
        run_state_machine_as_test(machine, settings=SETTINGS)
    except Flaky as flaky:
        raise AssertionError(machine.broken[0] if machine.broken else "no promise") from flaky


@pytest.mark.parametrize("machine", [BlockingIsolation, FastBlockingIsolation])
def test_threads_get_their_own_answers_whatever_the_server_does(machine: type[Isolation]) -> None:
    search(machine)


@pytest.mark.parametrize("machine", [AsyncIsolation, FastAsyncIsolation])
def test_tasks_get_their_own_answers_whatever_the_server_does(machine: type[Isolation]) -> None:
    search(machine)
