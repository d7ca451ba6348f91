"""SingleFlight against a simple model: random calls, outcomes, deadlines and cancellations."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.flow.by_hand import Call, driven_by_hand

from usersmanager import (
    ConnectError,
    DeadlineExceededError,
    DisconnectedError,
    PluginError,
    PoolTimeoutError,
)
from usersmanager.plugins import SingleFlight

SHARED = (ConnectError, DisconnectedError)
OWN = (
    DeadlineExceededError,
    PoolTimeoutError,
    PluginError,
    KeyError,
    KeyboardInterrupt,
    asyncio.CancelledError,
)
KEYS = st.sampled_from(["a", "b"])


class Flight:
    """The model: calls in the order in which they joined, and the outcome that they share."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.calls: list[Call] = []
        self.outcome: Any = None

    def leader(self) -> Call | None:
        alive = [call for call in self.calls if call.deadline.remaining() > 0]
        return alive[0] if alive else None


class Flights(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.patches = ExitStack()
        self.clock = self.patches.enter_context(driven_by_hand())
        self.flight = SingleFlight()
        self.calls: list[Call] = []
        self.open: dict[str, Flight] = {}
        self.flight_of: dict[Call, Flight] = {}

    def pick(self, data: st.DataObject, calls: list[Call]) -> Call:
        return calls[data.draw(st.integers(0, len(calls) - 1))]

    @property
    def acting(self) -> list[Call]:
        return [call for call in self.calls if call.acts]

    @property
    def waiting(self) -> list[Call]:
        return [call for call in self.calls if call.waits]

    @property
    def ready(self) -> list[Call]:
        return [call for call in self.calls if call.is_ready]

    def leave(self, call: Call) -> None:
        """Remove a call from the model."""
        flight = self.flight_of[call]
        flight.calls.remove(call)
        self.calls.remove(call)
        if not flight.calls and self.open.get(flight.key) is flight:
            del self.open[flight.key]

    @rule(key=KEYS, seconds=st.sampled_from([1, 2, 5]))
    def call(self, key: str, seconds: float) -> None:
        call = Call(self.flight, key, seconds=seconds)
        flight = self.open.setdefault(key, Flight(key))
        flight.calls.append(call)
        self.flight_of[call] = flight
        self.calls.append(call)
        assert call.acts is (flight.leader() is call)
        assert call.waits is not call.acts

    @rule(seconds=st.sampled_from([0.5, 1, 3]))
    def let_time_pass(self, seconds: float) -> None:
        self.clock.now += seconds

    @precondition(lambda self: self.acting)
    @rule(data=st.data(), outcome=st.sampled_from([200, 503, *SHARED, *OWN]))
    def end_acting(self, data: st.DataObject, outcome: Any) -> None:
        call = self.pick(data, self.acting)
        flight = self.flight_of[call]
        is_leader = flight.leader() is call
        if isinstance(outcome, int):
            call.send(outcome)
            assert call.ended is not None
            assert call.ended.result == outcome
        else:
            outcome = outcome("message")
            call.throw(outcome)
            assert call.ended is not None
            assert call.ended.error is outcome
        self.leave(call)
        if is_leader and isinstance(outcome, (int, *SHARED)):
            flight.outcome = outcome
            if self.open.get(flight.key) is flight:
                del self.open[flight.key]

    @precondition(lambda self: self.ready)
    @rule(data=st.data())
    def resume_waiting(self, data: st.DataObject) -> None:
        call = self.pick(data, self.ready)
        flight = self.flight_of[call]
        is_late = call.deadline.remaining() <= 0
        call.resume()
        if is_late:
            assert call.ended is not None
            assert type(call.ended.error) is DeadlineExceededError
        elif flight.outcome is not None:
            self.check_shared(call, flight.outcome)
        else:
            assert call.ended is None
            assert call.acts is (flight.leader() is call)
        if call.ended is not None:
            self.leave(call)

    def check_shared(self, call: Call, outcome: Any) -> None:
        assert call.ended is not None
        if isinstance(outcome, int):
            assert call.ended.error is None
            assert call.ended.result == outcome
        else:
            assert call.ended.error is not outcome
            assert type(call.ended.error) is type(outcome)
            assert str(call.ended.error) == str(outcome)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), error=st.sampled_from([asyncio.CancelledError, KeyboardInterrupt]))
    def interrupt_waiting(self, data: st.DataObject, error: type[BaseException]) -> None:
        call = self.pick(data, self.waiting)
        call.throw(error())
        assert call.ended is not None
        assert type(call.ended.error) is error
        self.leave(call)

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), is_dropped=st.booleans())
    def close(self, data: st.DataObject, is_dropped: bool) -> None:
        call = self.pick(data, self.calls)
        if is_dropped:
            call.drop()
        else:
            call.close()
        self.leave(call)

    @rule(key=KEYS)
    def forget(self, key: str) -> None:
        self.flight.forget(key)
        self.open.pop(key, None)

    @invariant()
    def nobody_waits_in_vain(self) -> None:
        for call in self.waiting:
            flight = self.flight_of[call]
            if flight.outcome is not None or flight.leader() is call:
                assert call.is_ready

    @invariant()
    def at_most_one_acts_at_a_time(self) -> None:
        for flight in set(self.flight_of.values()):
            in_time = [call for call in flight.calls if call.acts and call.deadline.remaining() > 0]
            assert len(in_time) <= 1

    @invariant()
    def a_key_is_left_only_where_a_call_is(self) -> None:
        assert set(self.flight._flights._open) <= set(self.open)

    def teardown(self) -> None:
        for call in list(self.calls):
            call.close()
        assert self.flight._flights._open == {}
        self.patches.close()


TestFlights = Flights.TestCase
