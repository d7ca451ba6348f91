"""Calls are traced alike over every transport, whether or not its library is instrumented."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.conftest import Mode
from tests.plugins.opentelemetry.telemetry import Telemetry
from tests.support import installed_transports
from tests.transports.minimal_adapters import MinimalAiohttp, MinimalUrllib3

from usersmanager.testing import FaultServer
from usersmanager.testing.fault_server import profile
from usersmanager.testing.peer import Peer

UNAVAILABLE = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"


def busy_server() -> FaultServer:
    """Return a server that answers its first request with 503, and the next with a profile."""
    responses = iter([UNAVAILABLE, profile("ada")])

    def respond(peer: Peer) -> None:
        while peer.request():
            peer.send(next(responses))

    return FaultServer(respond)


@contextmanager
def instrumented(telemetry: Telemetry) -> Iterator[None]:
    """Activate the instrumentations of urllib3 and aiohttp."""
    name = "opentelemetry.instrumentation"
    active = (
        pytest.importorskip(f"{name}.urllib3").URLLib3Instrumentor(),
        pytest.importorskip(f"{name}.aiohttp_client").AioHttpClientInstrumentor(),
    )
    for instrumentation in active:
        instrumentation.instrument(
            tracer_provider=telemetry.provider, meter_provider=telemetry.meters
        )
    try:
        yield
    finally:
        for instrumentation in active:
            instrumentation.uninstrument()


def check(telemetry: Telemetry, server: FaultServer) -> None:
    call, *attempts = telemetry.spans()
    assert [span.name for span in (call, *attempts)] == [
        "usersmanager.get_info",
        *["GET /userinfo"] * 2,
    ]
    sent = [request.lower().count(b"traceparent: ") for request in server.requests]
    assert sent == [1, 1]
    for span, request in zip(attempts, server.requests, strict=True):
        assert f"{span.context.trace_id:032x}-{span.context.span_id:016x}".encode() in request
    points = telemetry.points()
    assert sum(point.count for point in points["http.client.request.duration"]) == 2
    assert set(points) == {"http.client.request.duration", "usersmanager.retries"}
    assert telemetry.open_spans() == 0
    assert "hush" not in telemetry.everything()


@pytest.mark.parametrize(("transport", "mode"), installed_transports())
def test_each_attempt_has_a_span_over_every_transport(
    telemetry: Telemetry, transport: str, mode: str
) -> None:
    settings = telemetry.settings(transport)
    with busy_server() as server:
        Mode(mode).call("get_info", "hush", base_url=server.origin, **settings)
    check(telemetry, server)


@pytest.mark.slow
@pytest.mark.parametrize(("transport", "mode"), installed_transports())
def test_an_instrumented_library_adds_no_span(
    telemetry: Telemetry, transport: str, mode: str
) -> None:
    settings = telemetry.settings(transport)
    with busy_server() as server, instrumented(telemetry):
        Mode(mode).call("get_info", "hush", base_url=server.origin, **settings)
    check(telemetry, server)


CUSTOM = [("sync", MinimalUrllib3), ("async", MinimalAiohttp)]


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "transport"), CUSTOM)
def test_an_instrumented_library_of_a_custom_transport_adds_no_span(
    telemetry: Telemetry, mode: str, transport: type
) -> None:
    with busy_server() as server, instrumented(telemetry):
        settings = telemetry.settings(transport())
        Mode(mode).call("get_info", "hush", base_url=server.origin, **settings)
    check(telemetry, server)


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "transport"), CUSTOM)
def test_without_the_plugin_the_same_instrumentation_adds_spans(
    telemetry: Telemetry, mode: str, transport: type
) -> None:
    del telemetry.plugins[0]
    with busy_server() as server, instrumented(telemetry):
        settings = telemetry.settings(transport())
        Mode(mode).call("get_info", "hush", base_url=server.origin, **settings)
    assert [span.name for span in telemetry.spans()] == ["GET", "GET"]
