"""A state machine: calls, both clocks, rejections, rate limits and outages, against a model."""

from __future__ import annotations

import contextlib
import math
from typing import Any, NamedTuple

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.plugins.cache.clocks import EPOCH, simulated_clocks
from tests.plugins.cache.conftest import JSON, Provider
from tests.plugins.cache.test_lifetime import jwt

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
        self.cache = Cache(max_age=MAX_AGE, stale_if_error=STALE, negative_max_age=NEGATIVE)
        self.users = self.stack.enter_context(
            UsersManager(
                "https://tenant.example",
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
        assert self.cache.forget(TOKENS[user])
        self.kept.pop(user, None)
        self.failed.pop(user, None)

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

    def expect(self, user: str) -> Expected:
        kept, failed = self.kept.get(user), self.failed.get(user)
        if kept is not None and self.age(kept.since) < min(MAX_AGE, kept.end):
            return Expected("hit", kept.version)
        if failed is not None:
            age, stale = self.age(failed.since), self.stale(user)
            if stale is not None and age < max(failed.refusal, failed.quiet):
                return stale
            if age < failed.refusal:
                return Expected("refused", status=failed.status)
        self.requests += 1
        return self.expect_request(user)

    def stale(self, user: str) -> Expected | None:
        kept = self.kept.get(user)
        if kept is None or self.age(kept.since) >= min(min(MAX_AGE, kept.end) + STALE, kept.end):
            return None
        return Expected("stale", kept.version)

    def expect_request(self, user: str) -> Expected:
        if self.outcome == "up":
            end = math.inf if user == "ada" else EPOCH + 150 - self.now.wall
            if end > 0:
                self.kept[user] = Kept(self.requests, self.now, end)
                self.failed.pop(user, None)
            return Expected("miss", self.requests)
        if self.outcome in ("rejected", "forbidden"):
            self.kept.pop(user, None)
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

    @invariant()
    def it_keeps_what_the_model_keeps(self) -> None:
        if hasattr(self, "kept"):
            stats = self.cache.stats
            assert stats.entries == len(self.kept)
            assert stats.misses <= self.requests

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()


TestCacheModel = CacheModel.TestCase
TestCacheModel.settings = settings(max_examples=30, stateful_step_count=30)
