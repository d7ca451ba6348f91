"""Flows of a SingleFlight that a test drives by hand, step by step, as a driver would."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Hashable, Iterator
from typing import Any
from unittest import mock

from tests.support import Clock, make_request, simulated_clock

from usersmanager._flow.effects import Send, Wait, waited_too_long_error
from usersmanager.plugins import Flow, SingleFlight
from usersmanager.transports import Deadline

__all__ = ["Call", "Ended", "act", "driven_by_hand"]


class Ended:
    """How a call ended."""

    def __init__(self, result: Any = None, error: BaseException | None = None) -> None:
        self.result = result
        self.error = error


def act() -> Flow[Any]:
    """Send one request."""
    return (yield Send(make_request()))


class Call:
    """A call of `run`. It has started, and acts, waits, or has ended.

    Attributes:
        effect: what it yielded last.
        ended: how it ended, or None.
    """

    _ids = itertools.count()
    running = 0
    """The id of the call that is being resumed: what a thread or task is for a driver."""

    def __init__(
        self,
        flight: SingleFlight,
        key: Hashable = "key",
        *,
        seconds: float = 10,
        flow_function: Callable[[], Flow[Any]] = act,
    ) -> None:
        self.deadline = Deadline.after(seconds)
        self.effect: Any = None
        self.ended: Ended | None = None
        self._id = next(self._ids)
        self._flow = flight.run(key, flow_function)
        self._resume(self._flow.send, None)
        if self.ended is None:
            self.resume()

    @property
    def acts(self) -> bool:
        return self.ended is None and isinstance(self.effect, Send)

    @property
    def waits(self) -> bool:
        return self.ended is None and isinstance(self.effect, Wait)

    @property
    def is_ready(self) -> bool:
        """Whether a driver would resume it now."""
        if not self.waits:
            return False
        is_woken = not self.effect.waiter._wakes.empty()
        return is_woken or self.effect.duration(self.deadline) == 0

    @classmethod
    def running_id(cls) -> int:
        return cls.running

    def resume(self) -> None:
        """End its wait."""
        try:
            self.effect.waiter.wait(0)
            if self.deadline.remaining() <= 0:
                raise waited_too_long_error()
        except BaseException as error:
            self.throw(error)
        else:
            self.send(self.deadline)

    def send(self, value: Any) -> None:
        self._resume(self._flow.send, value)

    def throw(self, error: BaseException) -> None:
        self._resume(self._flow.throw, error)

    def close(self) -> None:
        self._flow.close()
        self.ended = Ended(error=GeneratorExit())

    def _resume(self, resume: Any, value: Any) -> None:
        Call.running = self._id
        try:
            self.effect = resume(value)
        except StopIteration as end:
            self.ended = Ended(result=end.value)
        except BaseException as error:
            self.ended = Ended(error=error)

    def drop(self) -> None:
        """Drop the flow, which the garbage collector closes."""
        del self._flow
        self.ended = Ended(error=GeneratorExit())


@contextlib.contextmanager
def driven_by_hand() -> Iterator[Clock]:
    """Run all calls in this thread, with a simulated clock."""
    with (
        simulated_clock() as clock,
        mock.patch("usersmanager._flow.flights.running_id", Call.running_id),
    ):
        yield clock
