"""Spans of concurrent calls have the right parents, and no context stays attached."""

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


class FirstAttemptFails(FakeTransport):
    """Fail the first attempt of each call while other calls run."""

    def __init__(self) -> None:
        super().__init__()
        self.current: dict[str, int] = {}
        self._together = threading.Barrier(8)

    def _respond(self, request: Request) -> Response:
        # Instrumentation of the transport would use this span as its parent.
        span = trace.get_current_span().get_span_context().span_id
        self.current[request.headers["traceparent"]] = span
        if request.attempt == 1:
            return Response(503)
        return Response(200, {"Content-Type": "application/json"}, b'{"sub": "u"}')

    def send(self, request: Request) -> Response:
        self._together.wait(5)
        return self._respond(request)

    async def asend(self, request: Request) -> Response:
        await asyncio.sleep(0.001 * (hash(request.call) % 5))
        return self._respond(request)


def family(telemetry: Telemetry) -> dict[str, list[list[Any]]]:
    """Return the attempts of each call below each outermost span."""
    spans = telemetry.spans()

    def children(parent: ReadableSpan) -> list[ReadableSpan]:
        return [
            span for span in spans if span.parent and span.parent.span_id == parent.context.span_id
        ]

    def number(span: ReadableSpan) -> Any:
        return (span.attributes or {}).get("http.request.resend_count", 0)

    roots = [span for span in spans if span.parent is None]
    return {
        root.name: [[number(attempt) for attempt in children(call)] for call in children(root)]
        for root in roots
    }


def check_family(telemetry: Telemetry, transport: FirstAttemptFails) -> None:
    assert family(telemetry) == {f"caller {n}": [[0, 1]] for n in range(8)}
    assert len(transport.current) == 16
    for traceparent, span_id in transport.current.items():
        assert int(traceparent.split("-")[2], 16) == span_id


def test_spans_of_concurrent_tasks_have_the_right_parents(telemetry: Telemetry) -> None:
    tracer, transport = telemetry.provider.get_tracer("test"), FirstAttemptFails()

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


def test_spans_of_concurrent_threads_have_the_right_parents(telemetry: Telemetry) -> None:
    tracer, transport = telemetry.provider.get_tracer("test"), FirstAttemptFails()
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


def test_a_cancelled_call_ends_its_spans_and_restores_the_context(
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
    errors = [(span.attributes or {})["error.type"] for span in telemetry.spans()]
    assert errors == ["CancelledError"] * 2
    assert caplog.records == []
