"""The retry budget."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from tests.plugins.outages import outage

from usersmanager import ArgumentError, Response
from usersmanager_retry import Budget, Retry


def test_a_retry_costs_five_and_a_success_refunds() -> None:
    budget = Budget(20)
    outage(Response(503), retry=Retry(budget=budget))
    assert budget.tokens == 20
    outage(Response(503), Response(503), Response(503), retry=Retry(budget=budget))
    assert budget.tokens == 10
    outage(retry=Retry(budget=budget))
    assert budget.tokens == 11


def test_an_empty_budget_stops_retries_but_not_calls() -> None:
    budget = Budget(4)
    assert outage(Response(503), retry=Retry(budget=budget)).slept == []
    for _ in range(3):
        outage(retry=Retry(budget=budget))
    assert budget.tokens == 4


def test_the_budget_never_grows_beyond_its_capacity() -> None:
    budget = Budget(7)
    outage(Response(500), retry=Retry(budget=budget))
    assert budget.tokens == 7


def test_a_redirect_is_not_refunded() -> None:
    budget = Budget(20)
    budget.spend()
    outage(Response(300), retry=Retry(budget=budget))
    assert budget.tokens == 15


@pytest.mark.parametrize("bad", [-1, True, 1.5])
def test_an_invalid_capacity_is_rejected(bad: Any) -> None:
    with pytest.raises(ArgumentError, match="capacity must be"):
        Budget(bad)


def test_the_default_capacity_is_500_and_it_may_be_0() -> None:
    assert Budget().tokens == 500
    assert Budget(0).tokens == 0


def test_threads_never_spend_more_than_the_budget() -> None:
    budget = Budget(500)
    spent: list[bool] = []

    def work() -> None:
        spent.extend(budget.spend() for _ in range(50))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(spent), budget.tokens) == (100, 0)
