"""Without an SDK the plugin does nothing but send the trace context of the caller."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import context, trace
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.trace import NonRecordingSpan, NoOpTracerProvider, Span
from tests.plugins.opentelemetry.telemetry import SERVER, Telemetry

from usersmanager import Request, Response
from usersmanager.testing import FakeTransport
from usersmanager_opentelemetry import OpenTelemetry

Call = Callable[..., Any]
TRACE = 0x0AF7651916CD43DD8448EB211C80319C
REMOTE = trace.SpanContext(
    TRACE, 0xB7AD6B7169203331, True, trace.TraceFlags(1), trace.TraceState([("vendor", "value")])
)


PROVIDERS = [(None, None), (NoOpTracerProvider(), None), (None, NoOpMeterProvider())]


@pytest.fixture(params=PROVIDERS, ids=["global", "no-op tracers", "no-op meters"])
def untraced(request: pytest.FixtureRequest, telemetry: Telemetry) -> Telemetry:
    """Telemetry whose plugin has no provider of an SDK."""
    telemetry.plugins[0] = OpenTelemetry(*request.param)
    return telemetry


class Observing(FakeTransport):
    """Note the current span, and whether instrumented HTTP libraries create one."""

    def __init__(self) -> None:
        super().__init__(self._observe, self._observe)
        self.seen: list[tuple[Span, object]] = []

    def _observe(self, request: Request) -> Response:
        key = "_SUPPRESS_HTTP_INSTRUMENTATION_KEY"
        is_suppressed = context.get_value(getattr(context, key))
        self.seen.append((trace.get_current_span(), is_suppressed))
        status = 503 if len(self.seen) == 1 else 200
        return Response(status, {"Content-Type": "application/json"}, b'{"sub": "u"}')


@contextmanager
def current(span: Span) -> Iterator[None]:
    token = context.attach(trace.set_span_in_context(span))
    try:
        yield
    finally:
        context.detach(token)


def test_the_trace_of_the_caller_goes_on(call: Call, untraced: Telemetry) -> None:
    incoming, transport = NonRecordingSpan(REMOTE), Observing()
    with current(incoming):
        call(transport)
    assert transport.seen == [(incoming, None)] * 2
    assert [request.headers["traceparent"] for request in transport.requests] == [
        f"00-{TRACE:032x}-b7ad6b7169203331-01"
    ] * 2
    assert [request.headers["tracestate"] for request in transport.requests] == ["vendor=value"] * 2


def test_a_span_of_the_caller_becomes_the_parent(call: Call, untraced: Telemetry) -> None:
    transport = Observing()
    with untraced.provider.get_tracer("test").start_as_current_span("caller") as span:
        call(transport)
    parents = [request.headers["traceparent"].split("-")[2] for request in transport.requests]
    assert parents == [f"{span.get_span_context().span_id:016x}"] * 2
    assert [ended.name for ended in untraced.spans()] == ["caller"]


def test_without_a_trace_no_header_is_added(call: Call, untraced: Telemetry) -> None:
    transport = Observing()
    call(transport)
    assert not any("traceparent" in request.headers for request in transport.requests)
    assert transport.seen == [(trace.INVALID_SPAN, None)] * 2


def test_with_a_meter_provider_alone_attempts_and_retries_are_measured(
    call: Call, telemetry: Telemetry
) -> None:
    telemetry.plugins[0] = OpenTelemetry(None, telemetry.meters)
    transport = Observing()
    call(transport)
    # An instrumented library would measure them again.
    assert transport.seen == [(trace.INVALID_SPAN, True)] * 2
    points = telemetry.points()
    assert [dict(point.attributes) for point in points["http.client.request.duration"]] == [
        {**SERVER, "http.response.status_code": 503, "error.type": "503"},
        {**SERVER, "http.response.status_code": 200},
    ]
    assert [point.value for point in points["usersmanager.retries"]] == [1]


SET_LATER = """
from opentelemetry.trace import set_tracer_provider
from tests.plugins.opentelemetry.telemetry import Telemetry
from usersmanager import Response, UsersManager
from usersmanager.testing import FakeTransport

telemetry = Telemetry()

def first(request):
    set_tracer_provider(telemetry.provider)
    return Response(503)

fake = FakeTransport(first).profile("u").profile("u")
plugins = ["opentelemetry", telemetry.plugins[1]]
with UsersManager("https://tenant.example", transport=fake, plugins=plugins) as users:
    for _ in range(2):
        users.get_info("a-token")
        print([span.name for span in telemetry.spans()], telemetry.open_spans())
print(["traceparent" in request.headers for request in fake.requests])
"""


def test_a_provider_that_is_set_later_is_used_from_the_next_call_on() -> None:
    # The global provider can be set once per process.
    program = [sys.executable, "-W", "error", "-c", SET_LATER]
    root = Path(__file__).parents[3]
    done = subprocess.run(program, capture_output=True, text=True, cwd=root)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "[] 0",
        "['usersmanager.get_info', 'GET /userinfo'] 0",
        "[False, False, True]",
    ]
