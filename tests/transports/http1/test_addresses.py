"""The order of a host's addresses, and the memory of those that failed."""

from __future__ import annotations

import itertools
import socket

import pytest

from usersmanager.transports.http1 import addresses
from usersmanager.transports.http1.addresses import Address, avoid, in_order

HOST, PORT = "origin.example", 443
SIX = [Address(socket.AF_INET6, (f"2001:db8::{number}", PORT, 0, 0)) for number in range(4)]
FOUR = [Address(socket.AF_INET, (f"192.0.2.{number}", PORT)) for number in range(4)]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Forget all failures; return the seconds of the clock."""
    now = [1000.0]
    monkeypatch.setattr(addresses, "_failures", {})
    monkeypatch.setattr(addresses.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("resolved", "order"),
    [
        (SIX[:2] + FOUR[:2], [SIX[0], FOUR[0], SIX[1], FOUR[1]]),
        (FOUR[:2] + SIX[:1], [FOUR[0], SIX[0], FOUR[1]]),
        (SIX[:3] + FOUR[:1], [SIX[0], FOUR[0], SIX[1], SIX[2]]),
        (FOUR, FOUR),
        ([], []),
    ],
)
def test_families_alternate_and_the_resolver_chooses_the_first(
    resolved: list[Address], order: list[Address]
) -> None:
    assert in_order(HOST, PORT, resolved) == order


def test_addresses_that_failed_come_last_and_the_last_failure_at_the_end(
    clock: list[float],
) -> None:
    for address in (FOUR[0], FOUR[2], FOUR[0]):
        clock[0] += 1
        avoid(HOST, PORT, address.sockaddr)
    assert in_order(HOST, PORT, FOUR) == [FOUR[1], FOUR[3], FOUR[2], FOUR[0]]


def test_a_failure_is_that_of_a_host_and_a_port() -> None:
    avoid(HOST, PORT, FOUR[0].sockaddr)
    assert in_order(HOST, 80, FOUR) == in_order("other.example", PORT, FOUR) == FOUR


def test_a_failure_is_forgotten_after_five_minutes(clock: list[float]) -> None:
    avoid(HOST, PORT, FOUR[0].sockaddr)
    clock[0] += 299
    assert in_order(HOST, PORT, FOUR)[-1] == FOUR[0]
    clock[0] += 1
    assert in_order(HOST, PORT, FOUR) == FOUR


def test_the_memory_is_bounded_and_the_oldest_failures_leave_it(clock: list[float]) -> None:
    for number, host in itertools.product(range(100), ("a", "b")):
        clock[0] += 0.1
        avoid(host, PORT, number)
    for number in range(1000):
        avoid(f"{number}.example", PORT, FOUR[0].sockaddr)
    assert len(addresses._failures) == 256
    assert in_order("999.example", PORT, FOUR)[-1] == FOUR[0]
    assert in_order("0.example", PORT, FOUR) == FOUR
    for number in range(100):
        avoid(HOST, PORT, number)
    assert list(addresses._failures[HOST, PORT]) == list(range(36, 100))
