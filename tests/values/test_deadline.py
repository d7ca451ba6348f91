"""Deadlines, on a simulated clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support import Clock, simulated_clock

from usersmanager.transports import Deadline


@pytest.fixture
def clock() -> Iterator[Clock]:
    with simulated_clock() as clock:
        yield clock


def test_the_remaining_time_decreases_with_the_clock(clock: Clock) -> None:
    deadline = Deadline.after(5)
    assert (deadline.moment, deadline.remaining()) == (clock.now + 5, 5)
    clock.sleep(3)
    assert deadline.remaining() == 2
    assert deadline.remaining_or_raise() == 2


def test_the_remaining_time_is_negative_after_the_deadline(clock: Clock) -> None:
    deadline = Deadline.after(5)
    clock.sleep(7)
    assert deadline.remaining() == -2


@pytest.mark.parametrize("elapsed", [5, 6])
def test_an_expired_deadline_raises_timeout_error(clock: Clock, elapsed: float) -> None:
    deadline = Deadline.after(5)
    clock.sleep(elapsed)
    with pytest.raises(TimeoutError, match="deadline"):
        deadline.remaining_or_raise()


@pytest.mark.parametrize(("seconds", "remaining"), [(2, 2), (5, 5), (9, 5)])
def test_a_shorter_limit_never_extends_the_deadline(
    clock: Clock, seconds: float, remaining: float
) -> None:
    deadline = Deadline.after(5)
    assert deadline.within(seconds).remaining() == remaining
    assert deadline.remaining() == 5


def test_the_limit_of_an_expired_deadline_is_expired_too(clock: Clock) -> None:
    deadline = Deadline.after(5)
    clock.sleep(6)
    assert deadline.within(3).remaining() == -1


def test_the_repr_of_a_deadline_contains_the_remaining_time(clock: Clock) -> None:
    deadline = Deadline.after(5)
    clock.sleep(0.5)
    assert repr(deadline) == "<Deadline in 4.500 s>"
