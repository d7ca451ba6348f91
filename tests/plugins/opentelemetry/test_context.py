"""Spans have the right parents, and every call restores the context of its caller."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from opentelemetry import context, trace
from tests.plugins.opentelemetry.telemetry import Telemetry, attributes
from tests.support import TENANT, Hanging

import usersmanager_opentelemetry
from usersmanager import AsyncUsersManager, Request, Response, UsersManager
from usersmanager.testing import FakeTransport


class FirstAttemptFails(FakeTransport):
    """Fail the first attempt of each call while the other calls run."""

    def __init__(self) -> None:
        super().__init__()
        self.current: dict[str, int] = {}
        self._together = threading.Barrier(8)

    def _respond(self, request: Request) -> Response:
        # A plugin of the transport would use this span as its parent.
        span = trace.get_current_span().get_span_context().span_id
        self.current[request.headers["traceparent"]] = span
        if request.attempt == 1:
            return Response(503)
        return Response(200, {"Content-Type": "application/json"}, b'{"sub": "u"}')

    def send(self, request: Request) -> Response:
        self._together.wait(20)
        return self._respond(request)

    async def asend(self, request: Request) -> Response:
        await asyncio.sleep(0.001 * (hash(request.call) % 5))
        return self._respond(request)


def families(telemetry: Telemetry) -> dict[str, list[list[int]]]:
    """Return the resend counts of the attempts of each call below each outermost span."""
    spans = telemetry.spans()

    def children(parent: Any) -> list[Any]:
        return [
            span for span in spans if span.parent and span.parent.span_id == parent.context.span_id
        ]

    return {
        root.name: [
            [attributes(attempt).get("http.request.resend_count", 0) for attempt in children(call)]
            for call in children(root)
        ]
        for root in spans
        if root.parent is None
    }


def check_families(telemetry: Telemetry, transport: FirstAttemptFails) -> None:
    assert families(telemetry) == {f"caller {n}": [[0, 1]] for n in range(8)}
    assert len(transport.current) == 16
    for traceparent, span_id in transport.current.items():
        assert int(traceparent.split("-")[2], 16) == span_id


def test_spans_of_concurrent_tasks_have_the_right_parents(telemetry: Telemetry) -> None:
    tracer, transport = telemetry.provider.get_tracer("test"), FirstAttemptFails()

    async def main() -> None:
        async with AsyncUsersManager(TENANT, **telemetry.settings(transport)) as users:

            async def caller(number: int) -> None:
                with tracer.start_as_current_span(f"caller {number}") as span:
                    await users.get_info("a-token")
                    assert trace.get_current_span() is span

            await asyncio.gather(*map(caller, range(8)))

    asyncio.run(main())
    check_families(telemetry, transport)


def test_spans_of_concurrent_threads_have_the_right_parents(telemetry: Telemetry) -> None:
    tracer, transport = telemetry.provider.get_tracer("test"), FirstAttemptFails()
    restored = []
    with UsersManager(TENANT, **telemetry.settings(transport)) as users:

        def caller(number: int) -> None:
            with tracer.start_as_current_span(f"caller {number}") as span:
                users.get_info("a-token")
                restored.append(trace.get_current_span() is span)

        threads = [threading.Thread(target=caller, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert restored == [True] * 8
    check_families(telemetry, transport)


def test_a_cancelled_call_ends_its_spans_and_restores_the_context(
    telemetry: Telemetry, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with AsyncUsersManager(TENANT, **telemetry.settings(Hanging())) as users:
            before = context.get_current()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await users.get_info("a-token")
            assert context.get_current() is before

    asyncio.run(main())
    errors = [attributes(span)["error.type"] for span in telemetry.spans()]
    assert errors == ["CancelledError"] * 2
    assert caplog.records == []  # OpenTelemetry logs a context that it fails to detach.


def test_a_call_that_is_discarded_during_another_ends_its_spans_and_no_other_context(
    telemetry: Telemetry, caplog: pytest.LogCaptureFixture
) -> None:
    users = AsyncUsersManager(TENANT, **telemetry.settings(Hanging()))
    abandoned = users.get_info("a-token")
    # The first step of the coroutine, in a context of its own: it now waits for the response.
    contextvars.copy_context().run(asyncio.run, _first_step(abandoned))
    assert telemetry.open_spans() == 2
    with telemetry.provider.get_tracer("test").start_as_current_span("another") as span:
        abandoned.close()
        assert trace.get_current_span() is span
    assert telemetry.open_spans() == 0
    assert caplog.records == []
    asyncio.run(users.aclose())


async def _first_step(coroutine: Any) -> None:
    coroutine.send(None)


PACKAGE = str(Path(usersmanager_opentelemetry.__file__).parent)


class Interrupt:
    """Raise KeyboardInterrupt before the n-th line that the plugin executes."""

    def __init__(self, line: int) -> None:
        self._left = line

    def __call__(self, frame: FrameType, event: str, argument: object) -> Callable[..., Any] | None:
        code = frame.f_code
        # Python ignores what is raised in a finalizer.
        if not code.co_filename.startswith(PACKAGE) or code.co_name == "__del__":
            return None
        if event == "line":
            self._left -= 1
            if self._left == 0:
                raise KeyboardInterrupt
        return self


def interrupted_after(users: UsersManager, lines: int) -> bool:
    """Make a call that is interrupted, and return whether it was."""
    before = sys.gettrace()
    sys.settrace(Interrupt(lines))
    try:
        users.get_info("a-token")
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def test_wherever_the_plugin_is_interrupted_no_span_stays_open_or_current(
    telemetry: Telemetry,
) -> None:
    before, lines = context.get_current(), 1
    while True:
        fake = FakeTransport().status(503).profile("ada")
        with UsersManager(TENANT, **telemetry.settings(fake)) as users:
            was_interrupted = interrupted_after(users, lines)
        assert context.get_current() is before, f"before line {lines}"
        fake.requests.clear()  # Spans end at the latest with the call that they belong to.
        assert telemetry.open_spans() == 0, f"before line {lines}"
        if not was_interrupted:
            break
        lines += 1
    assert lines > 50
