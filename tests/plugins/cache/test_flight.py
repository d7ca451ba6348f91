"""Concurrent calls for one profile: one makes the request, in threads, tasks and event loops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest import mock

import pytest
from tests.flow import flights
from tests.flow.flights import LIMIT, Crew
from tests.plugins.cache.calling import Swaps
from tests.plugins.cache.clocks import simulated_clocks

from usersmanager import (
    DeadlineExceededError,
    DecodeError,
    ForbiddenError,
    PoolTimeoutError,
    Request,
    Response,
    ServerError,
    SubjectMismatchError,
)
from usersmanager.plugins import Flow, Proceed, SingleFlight, hookimpl, read
from usersmanager_cache import Cache


class CacheCrew(Crew):
    """Starts calls that share a cache."""

    @property
    def flight(self) -> SingleFlight:
        flight: SingleFlight = self.plugin._lookup._flight
        return flight


def crew_of(kind: str, **settings: Any) -> AbstractContextManager[CacheCrew]:
    return flights.crew_of(kind, Cache(**settings), CacheCrew)


@contextmanager
def crew_with_stale_entry(kind: str) -> Iterator[CacheCrew]:
    with simulated_clocks() as clocks, crew_of(kind, stale_if_error=300) as crew:
        first = crew.start()
        crew.gate.next().respond()
        first.result(LIMIT)
        clocks.advance(60)
        yield crew


# The tests of SingleFlight have other kinds, too.
pytestmark = pytest.mark.parametrize("kind", ["threads", "tasks"])


def test_one_call_makes_the_request_and_all_get_the_profile(kind: str) -> None:
    with crew_of(kind) as crew:
        calls = crew.start(5)
        crew.gate.next().respond()
        profiles = [call.result(LIMIT) for call in calls]
        assert profiles == [{"sub": "u"}] * 5
        assert len({id(profile) for profile in profiles}) == 5
        assert len(crew.gate.requests) == 1
        stats = crew.plugin.stats
        assert (stats.misses, stats.waits, stats.hits) == (1, 4, 0)


@pytest.mark.parametrize("status", [401, 404, 429, 503])
def test_an_answer_of_any_status_is_shared(kind: str, status: int) -> None:
    with crew_of(kind) as crew:
        calls = crew.start(3)
        crew.gate.next().respond(status)
        assert [call.exception(LIMIT).status for call in calls] == [status] * 3
        assert len(crew.gate.requests) == 1


@pytest.mark.parametrize(
    "error", [DeadlineExceededError("late"), PoolTimeoutError("busy"), KeyError("mistake")]
)
def test_what_concerns_the_leader_alone_is_not_shared(kind: str, error: Exception) -> None:
    with crew_of(kind) as crew:
        calls = crew.start(3)
        crew.gate.next().fail(error)
        crew.gate.next().respond()
        ends = [call.exception(LIMIT) for call in calls]
        assert [type(end) for end in ends] == [type(error), type(None), type(None)]
        stats = crew.plugin.stats
        assert (stats.misses, stats.waits) == (2, 1)


def test_a_call_that_comes_after_an_error_makes_a_request(kind: str) -> None:
    with crew_of(kind) as crew:
        first = crew.start()
        crew.gate.next().respond(503)
        assert isinstance(first.exception(LIMIT), ServerError)
        second = crew.start()
        crew.gate.next().respond()
        assert second.result(LIMIT).sub == "u"


def test_other_users_and_other_requests_do_not_wait(kind: str) -> None:
    with crew_of(kind) as crew:
        calls = [crew.start(token=token) for token in ("t", "other")]
        for _ in calls:
            crew.gate.next()
        assert len(crew.gate.requests) == 2


def test_another_request_with_the_same_token_does_not_wait(kind: str) -> None:
    with crew_of(kind) as crew:
        calls = [crew.start()]
        crew.settings["headers"] = {"X-Tenant": "7"}
        calls.append(crew.start())
        for _ in calls:
            pending = crew.gate.next()
            tenant = pending.request.headers.get("X-Tenant", "none")
            pending.respond(body=f'{{"sub": "{tenant}"}}'.encode())
        assert [call.result(LIMIT).sub for call in calls] == ["none", "7"]


def test_calls_that_wait_compare_the_subject_they_expect(kind: str) -> None:
    with crew_of(kind) as crew:
        calls = [crew.start(expected_subject=subject) for subject in ("ada", "bob", None)]
        crew.gate.next().respond(body=b'{"sub": "ada"}')
        assert calls[0].result(LIMIT).sub == calls[2].result(LIMIT).sub == "ada"
        with pytest.raises(SubjectMismatchError):
            calls[1].result(LIMIT)


def test_a_call_that_looked_before_an_entry_was_kept_finds_it(kind: str) -> None:
    with crew_of(kind) as crew:
        entries = crew.plugin._lookup._entries
        with mock.patch.object(entries, "peek", side_effect=[None, None, None, None]):
            first = crew.start()  # The two looks of each call: at once, and in its flow.
            crew.gate.next().respond()
            first.result(LIMIT)
        entry = entries.peek(next(iter(entries._by_key._items)))
        with mock.patch.object(entries, "peek", side_effect=[None, None, entry]):
            assert crew.start().result(LIMIT).sub == "u"
        assert len(crew.gate.requests) == 1


def test_an_answer_for_another_token_is_not_shared(kind: str) -> None:
    with crew_of(kind) as crew:
        crew.settings["plugins"] = [crew.plugin, Swaps("another")]
        calls = crew.start(2)
        crew.gate.next().respond()
        crew.gate.next().respond()
        assert [call.result(LIMIT).sub for call in calls] == ["u"] * 2
        assert crew.plugin.stats.entries == 0


class Reads:
    """A plugin that raises an error instead of returning a response without a profile."""

    @hookimpl(trylast=True)
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        response = yield from proceed(request)
        read(request, response)
        return response


@pytest.mark.parametrize(
    ("status", "error"), [(200, DecodeError), (403, ForbiddenError), (503, ServerError)]
)
@pytest.mark.parametrize("is_swapped", [False, True])
def test_an_error_that_a_plugin_inside_raises_is_shared_unless_the_token_was_another(
    kind: str, status: int, error: type[Exception], is_swapped: bool
) -> None:
    with crew_of(kind) as crew:
        crew.settings["plugins"] = [crew.plugin, *([Swaps("another")] * is_swapped), Reads()]
        calls = crew.start(3)
        for _ in calls if is_swapped else calls[:1]:
            crew.gate.next().respond(status, b"no profile")
        errors = [call.exception(LIMIT) for call in calls]
        assert [type(one) for one in errors] == [error] * 3
        assert len({id(one) for one in errors}) == 3
        assert all(one.__context__ is None for one in errors)
        assert len(crew.gate.requests) == (3 if is_swapped else 1)


def test_a_hanging_provider_costs_one_call_its_time(kind: str) -> None:
    with crew_with_stale_entry(kind) as crew:
        late = crew.start(timeout=0.05)
        waiting = crew.start(2)
        assert [call.result(LIMIT).sub for call in [late, *waiting]] == ["u"] * 3
        assert crew.start().result(LIMIT).sub == "u"
        assert len(crew.gate.requests) == 2
        assert crew.plugin.stats.stale == 4


def test_a_call_that_waits_gets_a_stale_entry_at_its_own_deadline(kind: str) -> None:
    with crew_with_stale_entry(kind) as crew:
        leading = crew.start()
        request = crew.gate.next()
        assert crew.start(timeout=0.05).result(LIMIT).sub == "u"
        request.respond(503)
        assert leading.result(LIMIT).sub == "u"
        assert crew.plugin.stats.stale == 2


def test_a_response_on_its_way_is_not_kept_if_the_token_is_forgotten(kind: str) -> None:
    with crew_of(kind) as crew:
        before = crew.start(2)
        old = crew.gate.next()
        assert crew.plugin.forget("t")
        after = crew.start(2)
        new = crew.gate.next()
        old.respond(body=b'{"sub": "old"}')
        assert [call.result(LIMIT).sub for call in before] == ["old"] * 2
        assert crew.plugin.stats.entries == 0
        new.respond(body=b'{"sub": "new"}')
        assert [call.result(LIMIT).sub for call in after] == ["new"] * 2
        assert crew.start().result(LIMIT).sub == "new"
        assert len(crew.gate.requests) == 2


def test_a_call_that_was_forgotten_gets_no_stale_entry(kind: str) -> None:
    with crew_with_stale_entry(kind) as crew:
        calls = crew.start(2)
        request = crew.gate.next()
        crew.plugin.forget("t")
        request.respond(503)
        assert [type(call.exception(LIMIT)) for call in calls] == [ServerError] * 2
