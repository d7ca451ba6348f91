"""An outage on a simulated clock: the load that the retries of one client add."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.outages import PROFILE
from tests.support import TENANT, Clock, simulated_clock

from usersmanager import Request, Response, UsersManager, UsersManagerError
from usersmanager.testing import FakeTransport
from usersmanager_retry import Budget, Retry


class Failing(FakeTransport):
    """A transport that takes a little time, and fails with a probability."""

    def __init__(self, rate: float, generator: random.Random, clock: Clock) -> None:
        super().__init__(real_time=True)
        self._rate, self._random, self._clock = rate, generator.random, clock
        self.sent = 0

    def send(self, request: Request) -> Response:
        self.sent += 1
        self._clock.now += 0.01
        assert request.remaining() > 0, "sent after its deadline"
        return Response(503) if self._random() < self._rate else PROFILE


def amplification(rate: float, *, calls: int, seed: int = 1, budget: int = 500) -> float:
    """Return the number of requests per call while a share of them fails."""
    with simulated_clock() as clock:
        transport = Failing(rate, random.Random(seed), clock)
        retry = Retry(budget=Budget(budget))
        with UsersManager(TENANT, transport=transport, plugins=[retry], discover=False) as users:
            for _ in range(calls):
                started = clock.now
                with contextlib.suppress(UsersManagerError):
                    users.get_info("t")
                assert clock.now - started <= 10.0
    return transport.sent / calls


@pytest.mark.parametrize(
    ("rate", "minimum", "maximum"),
    [(0.05, 1.04, 1.07), (0.2, 1.2, 1.27), (0.5, 1.15, 1.35)],
)
def test_the_budget_limits_the_load_that_retries_add(
    rate: float, minimum: float, maximum: float
) -> None:
    assert minimum <= amplification(rate, calls=3000) <= maximum


def test_a_long_outage_adds_almost_no_load() -> None:
    assert amplification(1.0, calls=10_000) < 1.011


def test_without_a_limit_every_call_would_be_sent_three_times() -> None:
    assert amplification(1.0, calls=300, budget=10**9) == 3.0


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 1), st.integers(1, 2000), st.integers(0, 2**32))
def test_no_outage_adds_more_retries_than_the_budget_allows(
    rate: float, budget: int, seed: int
) -> None:
    calls = 200
    added = (amplification(rate, calls=calls, seed=seed, budget=budget) - 1) * calls
    # A retry costs 5; a success refunds 1, or 5 if it was retried.
    assert added <= min(2 * calls, budget / 5 + calls)


def test_the_figures_in_the_documentation_are_correct() -> None:
    page = (Path(__file__).parents[2] / "docs/retries.md").read_text()
    for rate in (0.05, 0.2, 0.5, 1.0):
        with_budget = amplification(rate, calls=5_000)
        without = 1 + rate + rate**2
        assert f"| {rate:.0%} | {without:.2f} | {with_budget:.3f} |" in page
