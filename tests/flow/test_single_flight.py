"""SingleFlight: one call acts, the others wait, whether they are threads, tasks or event loops."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from typing import Any

import pytest
from tests.flow.flights import KINDS, LIMIT, Crew, crew_of, eventually

from usersmanager import (
    ArgumentError,
    DeadlineExceededError,
    DecodeError,
    DisconnectedError,
    LifecycleError,
    PluginError,
    PoolTimeoutError,
    ProviderUnavailableError,
    Request,
    Response,
    ServerError,
    SubjectMismatchError,
    UnauthorizedError,
    UsersManagerError,
)
from usersmanager.plugins import Flow, Proceed, SingleFlight, hookimpl
from usersmanager.testing import PluginContract

ASYNC_KINDS = [kind for kind in KINDS if kind != "threads"]


@pytest.fixture(params=KINDS)
def crew(request: pytest.FixtureRequest) -> Iterator[Crew]:
    with crew_of(request.param) as crew:
        yield crew


def errors_of(calls: list[Future[Any]]) -> list[BaseException | None]:
    return [call.exception(LIMIT) for call in calls]


# What is shared.


def test_one_call_acts_and_the_others_share_its_response(crew: Crew) -> None:
    calls = crew.start(6)
    crew.gate.next().respond()
    assert [call.result(LIMIT).sub for call in calls] == ["u"] * 6
    assert len(crew.gate.requests) == 1


@pytest.mark.parametrize(("status", "error"), [(401, UnauthorizedError), (503, ServerError)])
def test_a_response_is_shared_whatever_its_status(
    crew: Crew, status: int, error: type[Exception]
) -> None:
    calls = crew.start(4)
    crew.gate.next().respond(status)
    assert [type(one) for one in errors_of(calls)] == [error] * 4
    assert len(crew.gate.requests) == 1


def test_a_transport_error_is_shared_as_a_copy_for_each(crew: Crew) -> None:
    calls = crew.start(4)
    error = DisconnectedError("the peer left")
    error.add_note("a note")
    crew.gate.next().fail(error)
    errors = errors_of(calls)
    assert len(crew.gate.requests) == 1
    assert errors[0] is error
    assert len({id(one) for one in errors}) == 4
    for one in errors:
        assert type(one) is DisconnectedError
        assert str(one).endswith("the peer left")
        assert vars(one) == vars(error)
        assert one.__cause__ is one.__context__ is None


@pytest.mark.parametrize(
    "error",
    [
        DecodeError("no profile", error="oops", error_description="why"),
        ProviderUnavailableError("the circuit is open", retry_after=7),
        ServerError("503", status=503, request_id="r"),
        UnauthorizedError("401", status=401, error="invalid_token"),
    ],
)
@pytest.mark.parametrize("kind", ["threads", "tasks"])
def test_an_error_about_the_answer_of_the_provider_is_shared_as_a_copy_for_each(
    kind: str, error: UsersManagerError
) -> None:
    with crew_of(kind) as crew:
        calls = crew.start(4)
        crew.gate.next().fail(error)
        errors = errors_of(calls)
        assert len(crew.gate.requests) == 1
        assert len({id(one) for one in errors}) == 4
        assert {(type(one), str(one)) for one in errors} == {(type(error), str(error))}
        assert all(vars(one) == vars(error) for one in errors)
        assert ["_act" in _functions(one) for one in errors] == [True, False, False, False]


def test_the_traceback_of_a_copy_shows_nothing_of_the_call_that_acted(crew: Crew) -> None:
    calls = crew.start(2)
    crew.gate.next().fail(DisconnectedError("the peer left"))
    functions = [_functions(one) for one in errors_of(calls)]
    assert "_act" in functions[0]
    assert "_act" not in functions[1]


def _functions(error: BaseException | None) -> set[str]:
    assert error is not None
    names = set()
    trace = error.__traceback__
    while trace is not None:
        names.add(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    return names


def test_calls_with_other_keys_do_not_wait(crew: Crew) -> None:
    calls = [crew.start(token=token) for token in ("a", "b")]
    assert {crew.gate.next().request.token.reveal() for _ in calls} == {"a", "b"}


def test_a_call_after_the_end_of_a_flight_starts_another(crew: Crew) -> None:
    for _ in range(3):
        call = crew.start()
        crew.gate.next().respond()
        assert call.result(LIMIT).sub == "u"
    assert len(crew.gate.requests) == 3


# What is not shared.

OWN: list[type[BaseException]] = [
    DeadlineExceededError,
    PoolTimeoutError,
    SubjectMismatchError,
    ArgumentError,
    LifecycleError,
    PluginError,
    KeyError,
    KeyboardInterrupt,
    SystemExit,
]


@pytest.mark.parametrize("own", OWN)
def test_an_error_of_the_call_alone_is_not_shared_and_the_next_call_acts(
    crew: Crew, own: type[BaseException]
) -> None:
    if crew.kind in ("tasks", "loops") and not issubclass(own, Exception):
        own = asyncio.CancelledError  # The other two would end the event loop.
    calls = crew.start(4)
    crew.gate.next().fail(own())
    crew.gate.next().respond()
    assert [call.result(LIMIT).sub for call in calls[1:]] == ["u"] * 3
    with pytest.raises(CancelledError if own is asyncio.CancelledError else own):
        calls[0].result(LIMIT)
    assert len(crew.gate.requests) == 2


def test_the_call_that_has_waited_longest_acts_next(crew: Crew) -> None:
    calls = crew.start(5)
    for number in range(4):
        crew.gate.next().fail(KeyError(number))
        eventually(calls[number].done)
        assert not any(call.done() for call in calls[number + 1 :])
    crew.gate.next().respond()
    assert calls[4].result(LIMIT).sub == "u"
    assert [type(one) for one in errors_of(calls)] == [KeyError] * 4 + [type(None)]


@pytest.mark.parametrize("kind", ASYNC_KINDS)
def test_the_next_call_acts_if_the_one_that_acts_is_cancelled(kind: str) -> None:
    with crew_of(kind) as crew:
        if kind == "mixed":
            crew.start(token="other")  # So that the next one is a task.
            crew.gate.next()
        calls = crew.start(3)
        crew.gate.next()
        calls[0].cancel()
        crew.gate.next().respond()
        assert [call.result(LIMIT).sub for call in calls[1:]] == ["u"] * 2


# Deadlines and cancellations of those who wait.


def test_a_waiting_call_keeps_its_own_deadline(crew: Crew) -> None:
    first = crew.start()
    request = crew.gate.next()
    hasty = crew.start(timeout=0.05)
    last = crew.start()
    assert isinstance(hasty.exception(LIMIT), DeadlineExceededError)
    assert not first.done()
    assert not last.done()
    request.respond()
    assert [call.result(LIMIT).sub for call in (first, last)] == ["u"] * 2
    assert len(crew.gate.requests) == 1


@pytest.mark.parametrize("kind", ASYNC_KINDS)
def test_a_waiting_call_that_is_cancelled_harms_no_other(kind: str) -> None:
    with crew_of(kind) as crew:
        calls = crew.start(4)
        request = crew.gate.next()
        assert calls[1].cancel()
        eventually(lambda: len(crew.flight._flights._open["t"].callers) == 3)
        request.respond()
        assert [calls[number].result(LIMIT).sub for number in (0, 2, 3)] == ["u"] * 3
    assert len(crew.gate.requests) == 1


# The deadline of the call that acts.


def test_a_flight_ends_at_the_deadline_of_the_call_that_acts(crew: Crew) -> None:
    first = crew.start(timeout=0.1)
    others = crew.start(2)
    crew.gate.next()
    crew.gate.next().respond()
    assert [call.result(LIMIT).sub for call in others] == ["u"] * 2
    assert isinstance(first.exception(LIMIT), DeadlineExceededError)


def test_a_call_that_is_stuck_beyond_its_deadline_delays_no_other_and_keeps_its_late_result(
    crew: Crew,
) -> None:
    crew.gate.is_punctual = False
    first = crew.start(timeout=0.1)
    others = crew.start(2)
    stuck = crew.gate.next()
    second = crew.gate.next()
    stuck.respond(200, b'{"sub": "late"}')
    assert first.result(LIMIT).sub == "late"
    assert not any(call.done() for call in others)
    second.respond()
    assert [call.result(LIMIT).sub for call in others] == ["u"] * 2


def test_a_newcomer_does_not_wait_for_a_call_that_is_stuck_beyond_its_deadline(
    crew: Crew,
) -> None:
    crew.gate.is_punctual = False
    crew.start(timeout=0.05)
    crew.gate.next()
    time.sleep(0.06)
    newcomer = crew.start()
    crew.gate.next().respond()
    assert newcomer.result(LIMIT).sub == "u"


# forget


def test_forget_closes_a_flight_to_newcomers_and_those_who_wait_get_its_result(
    crew: Crew,
) -> None:
    early = crew.start(3)
    old = crew.gate.next()
    crew.flight.forget("t")
    late = crew.start(2)
    new = crew.gate.next()
    new.respond(200, b'{"sub": "new"}')
    assert [call.result(LIMIT).sub for call in late] == ["new"] * 2
    old.respond(200, b'{"sub": "old"}')
    assert [call.result(LIMIT).sub for call in early] == ["old"] * 3
    assert len(crew.gate.requests) == 2


def test_those_who_wait_in_a_forgotten_flight_take_over_too(crew: Crew) -> None:
    calls = crew.start(3)
    crew.flight.forget("t")
    crew.gate.next().fail(KeyError("own"))
    crew.gate.next().respond()
    assert [call.result(LIMIT).sub for call in calls[1:]] == ["u"] * 2


def test_the_end_of_a_forgotten_flight_does_not_close_its_successor(crew: Crew) -> None:
    first = crew.start()
    old = crew.gate.next()
    crew.flight.forget("t")
    second = crew.start()
    new = crew.gate.next()
    old.respond()
    assert first.result(LIMIT).sub == "u"
    third = crew.start()
    new.respond()
    assert [call.result(LIMIT).sub for call in (second, third)] == ["u"] * 2
    assert len(crew.gate.requests) == 2


def test_forget_of_an_unknown_key_has_no_effect() -> None:
    SingleFlight().forget("unknown")


# Use in a flow.


class Plugin:
    """A plugin with a wrap around the call."""

    def __init__(self, wrap: Callable[[SingleFlight, Request, Proceed], Any]) -> None:
        self.flight = SingleFlight()
        self._wrap = wrap

    @hookimpl
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Any:
        return self._wrap(self.flight, request, proceed)


def from_a_generator(flight: SingleFlight, request: Request, proceed: Proceed) -> Any:
    return (yield from flight.run("key", lambda: proceed(request)))


def from_a_function(flight: SingleFlight, request: Request, proceed: Proceed) -> Any:
    return flight.run("key", lambda: proceed(request))


def of_another_type(flight: SingleFlight, request: Request, proceed: Proceed) -> Any:
    def count() -> Flow[int]:
        response = yield from proceed(request)
        return len(response.body)

    length = yield from flight.run(("key", request.operation), count)
    return Response(200, {"Content-Type": "application/json"}, b'{"sub": "%d"}' % length)


@pytest.mark.parametrize(
    ("wrap", "subject"),
    [(from_a_generator, "u"), (from_a_function, "u"), (of_another_type, "12")],
)
@pytest.mark.parametrize("kind", KINDS)
def test_run_works_in_every_kind_of_wrap(kind: str, wrap: Any, subject: str) -> None:
    with crew_of(kind, Plugin(wrap)) as crew:
        calls = crew.start(3)
        crew.gate.next().respond()
        assert [call.result(LIMIT).sub for call in calls] == [subject] * 3
        assert len(crew.gate.requests) == 1


def test_a_flow_may_run_another_flight_inside_its_own(crew: Crew) -> None:
    def nested(flight: SingleFlight, request: Request, proceed: Proceed) -> Any:
        return flight.run("outer", lambda: flight.run("inner", lambda: proceed(request)))

    with crew_of(crew.kind, Plugin(nested)) as crew:
        calls = crew.start(3)
        crew.gate.next().respond()
        assert [call.result(LIMIT).sub for call in calls] == ["u"] * 3


# Mistakes.


def in_itself(flight: SingleFlight, request: Request, proceed: Proceed) -> Any:
    return flight.run("key", lambda: flight.run("key", lambda: proceed(request)))


def without_a_function(flight: SingleFlight, request: Request, proceed: Proceed) -> Any:
    return flight.run("key", proceed(request))  # type: ignore[arg-type] # The mistake.


def with_a_response(flight: SingleFlight, request: Request, proceed: Proceed) -> Any:
    return flight.run("key", lambda: Response(200))  # type: ignore[arg-type,return-value] # The mistake.


def with_a_coroutine(flight: SingleFlight, request: Request, proceed: Proceed) -> Any:
    async def coroutine() -> None: ...

    return flight.run("key", coroutine)  # type: ignore[arg-type] # The mistake.


def with_an_unhashable_key(flight: SingleFlight, request: Request, proceed: Proceed) -> Any:
    return flight.run(["key"], lambda: proceed(request))  # type: ignore[arg-type] # The mistake.


def forgetting_an_unhashable_key(flight: SingleFlight, request: Request, proceed: Proceed) -> Any:
    flight.forget(["key"])  # type: ignore[arg-type] # The mistake.
    return proceed(request)


@pytest.mark.parametrize(
    ("wrap", "text"),
    [
        (in_itself, "would wait for itself: use another key"),
        (without_a_function, "passed generator to SingleFlight.run()"),
        (with_a_response, "passed Response to SingleFlight.run()"),
        (with_a_coroutine, "passed coroutine to SingleFlight.run()"),
        (with_an_unhashable_key, "not hashable (list)"),
        (forgetting_an_unhashable_key, "not hashable (list)"),
    ],
)
@pytest.mark.parametrize("kind", ["threads", "tasks"])
def test_a_mistake_is_a_plugin_error_with_the_plugins_name(kind: str, wrap: Any, text: str) -> None:
    with crew_of(kind, Plugin(wrap)) as crew:
        error = crew.start(timeout=5).exception(LIMIT)
    assert isinstance(error, PluginError)
    assert "plugin 'Plugin'" in str(error)
    assert text in str(error)


def test_a_mistake_in_a_flow_is_made_by_every_call_in_turn(crew: Crew) -> None:
    with crew_of(crew.kind, Plugin(with_a_response)) as crew:
        assert all(isinstance(crew.start().exception(LIMIT), PluginError) for _ in range(3))


# The contract of plugins.


class OneRequest:
    """A plugin with which calls for one profile share a request."""

    def __init__(self) -> None:
        self.flight = SingleFlight()

    @hookimpl
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        if request.operation != "get_info":
            return proceed(request)
        key = hashlib.sha256(f"{request.url} {request.token.reveal()}".encode()).digest()
        return self.flight.run(key, lambda: proceed(request))


class TestContract(PluginContract):
    def plugin(self) -> OneRequest:
        return OneRequest()
