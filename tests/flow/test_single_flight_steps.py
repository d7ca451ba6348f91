"""SingleFlight step by step: flows that end in unusual ways, and what they leave behind."""

from __future__ import annotations

import traceback
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.flow.by_hand import Call, act, driven_by_hand
from tests.support import Clock

from usersmanager import DisconnectedError, PluginError, TransportError
from usersmanager.plugins import SingleFlight


@pytest.fixture
def clock() -> Iterator[Clock]:
    with driven_by_hand() as clock:
        yield clock


@pytest.fixture
def flight(clock: Clock) -> SingleFlight:
    return SingleFlight()


def result_of(call: Call) -> Any:
    assert call.ended is not None
    assert call.ended.error is None
    return call.ended.result


def error_of(call: Call) -> BaseException:
    assert call.ended is not None
    assert call.ended.error is not None
    return call.ended.error


# A call that will not go on.


@pytest.mark.parametrize("end", [Call.close, Call.drop])
def test_the_next_call_acts_if_the_flow_of_the_one_that_acts_is_closed_or_dropped(
    flight: SingleFlight, end: Callable[[Call], None]
) -> None:
    first, second, third = (Call(flight) for _ in range(3))
    end(first)
    assert second.is_ready
    second.resume()
    assert second.acts
    assert not third.is_ready
    second.send("result")
    third.resume()
    assert result_of(third) == "result"


def test_a_flow_that_is_never_started_takes_part_in_nothing(flight: SingleFlight) -> None:
    unused = flight.run("key", act)
    assert Call(flight).acts
    unused.close()


def test_a_call_that_is_chosen_to_act_and_ends_before_it_does_leaves_that_to_the_next(
    flight: SingleFlight,
) -> None:
    first, second, third = (Call(flight) for _ in range(3))
    first.throw(KeyError())
    assert second.is_ready
    second.throw(KeyboardInterrupt())
    assert third.is_ready
    third.resume()
    assert third.acts


def test_a_newcomer_does_not_join_a_flight_that_has_ended_but_is_still_listed(
    flight: SingleFlight, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patches:  # As after repeated interruptions.
        patches.setattr(flight._flights, "_close", lambda flight: None)
        Call(flight).send("old")
    assert Call(flight).acts


# Deadlines.


def test_a_call_that_takes_over_with_an_earlier_deadline_delays_no_other(
    flight: SingleFlight, clock: Clock
) -> None:
    first = Call(flight, seconds=60)
    hasty = Call(flight, seconds=5)
    last = Call(flight, seconds=60)
    first.throw(KeyError())
    hasty.resume()
    assert hasty.acts
    if last.is_ready:
        last.resume()
    assert last.waits
    clock.now += 5
    assert last.is_ready
    last.resume()
    assert last.acts


def test_a_result_that_comes_at_the_deadline_is_not_shared(
    flight: SingleFlight, clock: Clock
) -> None:
    first = Call(flight, seconds=5)
    second = Call(flight, seconds=60)
    clock.now += 5
    first.send("late")
    assert result_of(first) == "late"
    second.resume()
    assert second.acts


def test_a_call_whose_deadline_has_passed_is_not_chosen_to_act(
    flight: SingleFlight, clock: Clock
) -> None:
    first = Call(flight, seconds=60)
    hasty = Call(flight, seconds=5)
    last = Call(flight, seconds=60)
    clock.now += 5
    first.throw(KeyError())
    last.resume()
    assert last.acts
    hasty.resume()
    assert isinstance(error_of(hasty), TimeoutError)


# Errors.


class OddError(DisconnectedError):
    """An error whose `__init__` can't be called with its message."""

    def __init__(self, host: str, *, port: int) -> None:
        super().__init__(f"{host}:{port} left")
        self.address = (host, port)


class SystemError_(TransportError, ConnectionError):  # noqa: N801, N818 - a name for this test.
    """An error that inherits from one of the operating system."""


@pytest.mark.parametrize(
    "error", [OddError("a.example", port=1), SystemError_("reset"), TransportError()]
)
def test_a_copy_has_the_class_the_message_and_the_attributes_of_the_error(
    flight: SingleFlight, error: TransportError
) -> None:
    first, second = Call(flight), Call(flight)
    error.operation = "get_info"
    first.throw(error)
    second.resume()
    copy = error_of(second)
    assert copy is not error
    assert type(copy) is type(error)
    assert (str(copy), copy.args, vars(copy)) == (str(error), error.args, vars(error))


def test_a_copy_shares_no_traceback_no_cause_and_no_notes(flight: SingleFlight) -> None:
    calls = [Call(flight) for _ in range(3)]
    error = DisconnectedError("gone")
    error.add_note("a note")
    error.__cause__ = KeyError("cause")
    calls[0].throw(error)
    for call in calls[1:]:
        call.resume()
    first, second = (error_of(call) for call in calls[1:])
    assert first.__cause__ is first.__context__ is None
    assert first.__traceback__ is not second.__traceback__
    first.add_note("another")
    assert second.__notes__ == error.__notes__ == ["a note"]


def test_a_copy_is_made_of_the_error_as_the_flow_raised_it(flight: SingleFlight) -> None:
    first, second = Call(flight), Call(flight)
    error = DisconnectedError("gone")
    first.throw(error)
    error.operation = "changed later"
    second.resume()
    assert error_of(second).operation is None  # type: ignore[attr-defined] # A DisconnectedError.


# What stays in memory, and what can be seen.


class Hush:
    """Something that must not be seen, and that can be observed."""

    def __repr__(self) -> str:
        return "hush"


@pytest.mark.parametrize("outcome", ["result", DisconnectedError, KeyError])
def test_a_key_is_dropped_when_its_flight_has_ended(flight: SingleFlight, outcome: Any) -> None:
    key = Hush()
    gone = weakref.ref(key)
    calls = [Call(flight, key) for _ in range(2)]
    del key
    for call in calls:  # Their errors are kept, and so are the tracebacks.
        if call.waits:
            call.resume()
        if call.acts and outcome == "result":
            call.send(outcome)
        elif call.acts:
            call.throw(outcome())
    assert all(call.ended for call in calls)
    assert gone() is None
    assert flight._flights._open == {}


def test_a_result_is_dropped_when_all_have_it(flight: SingleFlight) -> None:
    calls = [Call(flight) for _ in range(2)]
    result = Hush()
    gone = weakref.ref(result)
    calls[0].send(result)
    calls[1].resume()
    assert result_of(calls[1]) is result
    del result, calls
    assert gone() is None


def acting_and_failing(flight: SingleFlight) -> BaseException:
    call = Call(flight, Hush())
    call.throw(KeyError())
    return error_of(call)


def waiting_and_failing(flight: SingleFlight) -> BaseException:
    first, second = (Call(flight, "hush") for _ in range(2))
    first.throw(DisconnectedError("gone"))
    second.resume()
    return error_of(second)


def waiting_for_itself(flight: SingleFlight) -> BaseException:
    call = Call(flight, "hush", flow_function=lambda: flight.run("hush", act))
    call.resume()
    return error_of(call)


def returning_no_flow(flight: SingleFlight) -> BaseException:
    return error_of(Call(flight, Hush(), flow_function=Hush))  # type: ignore[arg-type] # The mistake.


def using_an_unhashable_key(flight: SingleFlight) -> BaseException:
    (call,) = (Call(flight, hushed) for hushed in [[Hush()]])  # type: ignore[arg-type] # The mistake.
    return error_of(call)


def forgetting_an_unhashable_key(flight: SingleFlight) -> BaseException:
    try:
        flight.forget([Hush()])  # type: ignore[arg-type] # The mistake.
    except PluginError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    "fail",
    [
        acting_and_failing,
        waiting_and_failing,
        waiting_for_itself,
        returning_no_flow,
        using_an_unhashable_key,
        forgetting_an_unhashable_key,
    ],
)
def test_no_traceback_shows_a_key_or_what_a_flow_function_returned(
    flight: SingleFlight, fail: Callable[[SingleFlight], BaseException]
) -> None:
    error = fail(flight)
    assert error.__traceback__ is not None
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    lines = [str(frame.locals) for one in _chain(shown) for frame in one.stack]
    assert lines
    assert "hush" not in "".join(lines)


def _chain(shown: traceback.TracebackException | None) -> Iterator[traceback.TracebackException]:
    if shown is not None:
        yield shown
        yield from _chain(shown.__cause__)
        yield from _chain(shown.__context__)


def test_the_repr_of_an_instance_shows_no_key(flight: SingleFlight) -> None:
    call = Call(flight, Hush())
    assert "hush" not in repr(flight)
    call.close()
