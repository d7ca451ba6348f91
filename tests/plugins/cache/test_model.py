"""A state machine: calls, both clocks, rejections, rate limits and outages, against a model.

A second one uses a shared store, which is lost and comes back.
"""

from __future__ import annotations

import contextlib
import math
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.plugins.cache.calling import JSON, Provider
from tests.plugins.cache.clocks import EPOCH, simulated_clocks
from tests.plugins.cache.support import SECRET, DictStore, jwt
from tests.support import TENANT

from usersmanager import APIError, DisconnectedError, Response, TransportError, UsersManager
from usersmanager.plugins import hookimpl
from usersmanager_cache import Cache

MAX_AGE, STALE, NEGATIVE, BACK_OFF, WAIT = 60.0, 100.0, 20.0, 5.0, 30.0
TOKENS = {"ada": "ada", "bob": jwt({"exp": EPOCH + 150})}
OUTCOMES: dict[str, Any] = {
    "up": None,
    "rejected": Response(401, JSON, b'{"error": "invalid_token"}'),
    "forbidden": Response(403),
    "limited": Response(429, {"Retry-After": str(int(WAIT))}),
    "limited without a time": Response(429),
    "broken": Response(500),
    "down": DisconnectedError("gone"),
}


class Since(NamedTuple):
    """A time on both clocks of the model."""

    monotonic: float
    wall: float


class Kept(NamedTuple):
    """An entry of the model: its version, when it was requested, and when its token ends."""

    version: int
    since: Since
    end: float


class Failed(NamedTuple):
    """A failure of the model: until which age it refuses, and until which a stale entry answers."""

    since: Since
    status: int = 0
    refusal: float = 0.0
    quiet: float = 0.0


class Expected(NamedTuple):
    """How a call ends: its note, and the version of the profile or the status (0: no response)."""

    note: str
    version: int | None = None
    status: int | None = None


class Notes:
    """A plugin that keeps the note of the last call."""

    note = ""

    @hookimpl
    def usersmanager_done(self, request: Any) -> None:
        self.note = request.call.notes["cache"]


class CacheModel(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.stack = contextlib.ExitStack()
        self.clocks = self.stack.enter_context(simulated_clocks())
        self.provider, self.notes = Provider(), Notes()
        self.cache = self.make_cache(
            max_age=MAX_AGE, stale_if_error=STALE, negative_max_age=NEGATIVE
        )
        self.users = self.stack.enter_context(
            UsersManager(
                TENANT,
                transport=self.provider,
                plugins=[self.notes, self.cache],
                discover=False,
            )
        )
        self.outcome = "up"
        self.now = Since(0.0, EPOCH)
        self.kept: dict[str, Kept] = {}
        self.failed: dict[str, Failed] = {}
        self.requests = 0

    def make_cache(self, **settings: Any) -> Cache:
        return Cache(**settings)

    # What happens.

    @rule(outcome=st.sampled_from(list(OUTCOMES)))
    def change_the_provider(self, outcome: str) -> None:
        self.outcome = outcome
        self.provider.outcome = OUTCOMES[outcome]

    @rule(seconds=st.sampled_from([1, 4, 5, 19, 20, 29, 30, 59, 60, 99, 100]))
    def let_time_pass(self, seconds: float) -> None:
        self.move(seconds, seconds)

    @rule(seconds=st.sampled_from([-3600, -60, -5, 5, 60, 3600]))
    def set_the_wall_clock(self, seconds: float) -> None:
        self.move(0, seconds)

    def move(self, monotonic: float, wall: float) -> None:
        self.clocks.monotonic += monotonic
        self.clocks.wall += wall
        self.now = Since(self.now.monotonic + monotonic, self.now.wall + wall)

    @rule(user=st.sampled_from(list(TOKENS)))
    def forget(self, user: str) -> None:
        assert self.cache.forget(TOKENS[user]) is self.is_reachable()
        self.evict(user)
        self.failed.pop(user, None)

    def is_reachable(self) -> bool:
        return True

    @rule(user=st.sampled_from(list(TOKENS)))
    def call(self, user: str) -> None:
        expected = self.expect(user)
        assert self.perform(user) == expected
        assert len(self.provider.requests) == self.requests

    def perform(self, user: str) -> Expected:
        version = status = None
        try:
            version = self.users.get_info(TOKENS[user])["version"]
        except APIError as error:
            status = error.status
        except TransportError:
            status = 0
        return Expected(self.notes.note, version, status)

    # What should happen.

    def age(self, since: Since) -> float:
        return max(self.now.monotonic - since.monotonic, self.now.wall - since.wall)

    def find(self, user: str) -> tuple[Kept, float] | None:
        """Return the entry of a user that a call finds, and its age."""
        kept = self.kept.get(user)
        return None if kept is None else (kept, self.age(kept.since))

    def expect(self, user: str) -> Expected:
        found, failed = self.find(user), self.failed.get(user)
        if found is not None and found[1] < min(MAX_AGE, found[0].end):
            return Expected("hit", found[0].version)
        if failed is not None:
            age, stale = self.age(failed.since), self.stale(user)
            if stale is not None and age < max(failed.refusal, failed.quiet):
                return stale
            if age < failed.refusal:
                return Expected("refused", status=failed.status)
        self.requests += 1
        return self.expect_request(user)

    def stale(self, user: str) -> Expected | None:
        found = self.find(user)
        if found is None or found[1] >= min(min(MAX_AGE, found[0].end) + STALE, found[0].end):
            return None
        return Expected("stale", found[0].version)

    def keep(self, user: str, end: float) -> None:
        self.kept[user] = Kept(self.requests, self.now, end)

    def evict(self, user: str) -> None:
        self.kept.pop(user, None)

    def expect_request(self, user: str) -> Expected:
        if self.outcome == "up":
            end = math.inf if user == "ada" else EPOCH + 150 - self.now.wall
            if end > 0:
                self.keep(user, end)
                self.failed.pop(user, None)
            return Expected("miss", self.requests)
        if self.outcome in ("rejected", "forbidden"):
            self.evict(user)
            if self.outcome == "rejected":
                self.failed[user] = Failed(self.now, 401, NEGATIVE)
            return Expected("miss", status=OUTCOMES[self.outcome].status)
        failed = Failed(self.now)
        if self.outcome == "limited":
            failed = self.failed[user] = Failed(self.now, 429, WAIT)
        stale = self.stale(user)
        if stale is not None:
            self.failed[user] = failed._replace(quiet=BACK_OFF)
            return stale
        return Expected("miss", status=getattr(OUTCOMES[self.outcome], "status", 0))

    def entries(self) -> int:
        return self.cache.stats.entries

    @invariant()
    def it_keeps_what_the_model_keeps(self) -> None:
        if hasattr(self, "kept"):
            assert self.entries() == len(self.kept)

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()


class StoredCacheModel(CacheModel):
    """The same with a shared store: the wall clock counts, and the store may be lost."""

    is_lost = False

    def make_cache(self, **settings: Any) -> Cache:
        self.store = DictStore()
        # The time for which the store is left alone.
        clock = SimpleNamespace(monotonic=lambda: self.clocks.monotonic)
        self.stack.enter_context(mock.patch("usersmanager_cache.interval.time", clock))
        return Cache(store=self.store, secret=SECRET, **settings)

    @rule()
    def lose_the_store(self) -> None:
        self.is_lost = True
        self.store.errors = dict.fromkeys(("get", "set", "delete"), OSError("gone"))

    @rule()
    def find_the_store(self) -> None:
        self.is_lost = False
        self.store.errors = {}
        self.move(5, 5)

    def is_reachable(self) -> bool:
        return not self.is_lost

    def find(self, user: str) -> tuple[Kept, float] | None:
        kept = self.kept.get(user)
        if self.is_lost or kept is None or self.now.wall < kept.since.wall - 5:
            return None
        return kept, max(0, self.now.wall - kept.since.wall)

    def keep(self, user: str, end: float) -> None:
        if not self.is_lost:
            super().keep(user, end)

    def evict(self, user: str) -> None:
        if not self.is_lost:
            super().evict(user)

    def entries(self) -> int:
        return len(self.store.values)


TestCacheModel = CacheModel.TestCase
TestStoredCacheModel = StoredCacheModel.TestCase
TestCacheModel.settings = settings(max_examples=25, stateful_step_count=30)
TestStoredCacheModel.settings = settings(max_examples=25, stateful_step_count=30)
