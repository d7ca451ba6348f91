"""Calls at the same time don't become each other's parents, and leave nothing attached."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan

from conftest import Telemetry
from usersmanager import AsyncUsersManager, Request, Response, UsersManager
from usersmanager.testing import FakeTransport

URL = "https://tenant.example"


class Busy(FakeTransport):
    """Refuses the first attempt of each call, and lets other calls go first."""

    def __init__(self) -> None:
        super().__init__()
        self.current: dict[str, int] = {}
        self._together = threading.Barrier(8)

    def _answer(self, request: Request) -> Response:
        # What the transport's own instrumentation would take for its parent.
        span = trace.get_current_span().get_span_context().span_id
        self.current[request.headers["traceparent"]] = span
        if request.attempt == 1:
            return Response(503)
        return Response(200, {"Content-Type": "application/json"}, b'{"sub": "u"}')

    def send(self, request: Request) -> Response:
        self._together.wait(5)
        return self._answer(request)

    async def asend(self, request: Request) -> Response:
        await asyncio.sleep(0.001 * (hash(request.call) % 5))
        return self._answer(request)


def family(telemetry: Telemetry) -> dict[str, list[list[Any]]]:
    """For each outermost span, the attempts of each call below it."""
    spans = telemetry.spans()

    def below(parent: ReadableSpan) -> list[ReadableSpan]:
        return [one for one in spans if one.parent and one.parent.span_id == parent.context.span_id]

    def number(span: ReadableSpan) -> Any:
        return (span.attributes or {}).get("http.request.resend_count", 0)

    roots = [one for one in spans if one.parent is None]
    return {
        root.name: [[number(attempt) for attempt in below(whole)] for whole in below(root)]
        for root in roots
    }


def check_family(telemetry: Telemetry, transport: Busy) -> None:
    assert family(telemetry) == {f"caller {n}": [[0, 1]] for n in range(8)}
    assert len(transport.current) == 16
    for traceparent, span_id in transport.current.items():
        assert int(traceparent.split("-")[2], 16) == span_id


def test_tasks_at_the_same_time_have_their_own_parents(telemetry: Telemetry) -> None:
    tracer, transport = telemetry.provider.get_tracer("test"), Busy()

    async def main() -> None:
        async with AsyncUsersManager(
            URL, transport=transport, plugins=telemetry.plugins, discover=False
        ) as users:

            async def caller(number: int) -> None:
                with tracer.start_as_current_span(f"caller {number}") as span:
                    await users.get_info("a-token")
                    assert trace.get_current_span() is span

            await asyncio.gather(*map(caller, range(8)))

    asyncio.run(main())
    check_family(telemetry, transport)


def test_threads_at_the_same_time_have_their_own_parents(telemetry: Telemetry) -> None:
    tracer, transport = telemetry.provider.get_tracer("test"), Busy()
    with UsersManager(URL, transport=transport, plugins=telemetry.plugins, discover=False) as users:

        def caller(number: int) -> None:
            with tracer.start_as_current_span(f"caller {number}"):
                users.get_info("a-token")

        threads = [threading.Thread(target=caller, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    check_family(telemetry, transport)


def test_a_cancelled_call_ends_its_spans_and_leaves_the_context_as_it_was(
    telemetry: Telemetry, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "opentelemetry")

    class Hanging(FakeTransport):
        async def asend(self, request: Request) -> Response:
            await asyncio.sleep(30)
            raise AssertionError

    async def main() -> None:
        async with AsyncUsersManager(
            URL, transport=Hanging(), plugins=telemetry.plugins, discover=False
        ) as users:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await users.get_info("a-token")
            assert not trace.get_current_span().get_span_context().is_valid

    asyncio.run(main())
    kinds = [(one.attributes or {})["error.type"] for one in telemetry.spans()]
    assert kinds == ["CancelledError"] * 2
    assert caplog.records == []
