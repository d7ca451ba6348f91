"""Spans, metrics and headers that the OpenTelemetry SDK exports, in both modes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import baggage, context
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry_usersmanager import OpenTelemetry

from conftest import Telemetry
from usersmanager import DisconnectedError, UsersManagerError
from usersmanager.testing import FakeTransport, PluginContract

SETTINGS = {"impersonator_id": "hush-boss", "protocol": "oauth2", "token": "hush-api-token"}


class TestContract(PluginContract):
    def plugin(self) -> OpenTelemetry:
        return Telemetry().plugins[0]


def test_a_call_is_a_span_and_each_attempt_a_client_span_below_it(
    call: Callable[..., Any], telemetry: Telemetry
) -> None:
    call(FakeTransport().status(503).status(503).profile("ada"))
    root, *attempts = telemetry.spans()
    assert (root.name, root.kind) == ("usersmanager.get_info", SpanKind.INTERNAL)
    assert root.status.status_code is StatusCode.UNSET
    assert {span.parent.span_id for span in attempts if span.parent} == {root.context.span_id}
    assert {(span.name, span.kind) for span in attempts} == {("GET /userinfo", SpanKind.CLIENT)}
    server = {
        "http.request.method": "GET",
        "server.address": "tenant.example",
        "server.port": 443,
        "url.full": "https://tenant.example/userinfo",
        "url.template": "/userinfo",
    }
    unavailable = {"http.response.status_code": 503, "error.type": "503"}
    assert [dict(span.attributes or {}) for span in attempts] == [
        {**server, **unavailable},
        {**server, **unavailable, "http.request.resend_count": 1},
        {**server, "http.response.status_code": 200, "http.request.resend_count": 2},
    ]
    codes = [span.status.status_code for span in attempts]
    assert codes == [StatusCode.ERROR, StatusCode.ERROR, StatusCode.UNSET]


def test_each_attempt_is_measured_and_each_retry_is_counted(
    call: Callable[..., Any], telemetry: Telemetry
) -> None:
    call(FakeTransport().status(503).status(503).profile("ada"))
    points = telemetry.points()
    durations = {
        point.attributes["http.response.status_code"]: point
        for point in points["http.client.request.duration"]
    }
    assert {status: point.count for status, point in durations.items()} == {503: 2, 200: 1}
    assert durations[200].explicit_bounds[0] == 0.005
    assert dict(durations[503].attributes) == {
        "http.request.method": "GET",
        "server.address": "tenant.example",
        "server.port": 443,
        "http.response.status_code": 503,
        "error.type": "503",
    }
    (retries,) = points["usersmanager.retries"]
    assert (retries.value, dict(retries.attributes)) == (2, {"usersmanager.operation": "get_info"})


def test_each_attempt_sends_its_own_span_as_traceparent(
    call: Callable[..., Any], telemetry: Telemetry
) -> None:
    fake = FakeTransport().status(503).profile("ada")
    call(fake)
    _, *attempts = telemetry.spans()
    sent = [request.headers["traceparent"].split("-")[1:3] for request in fake.requests]
    assert sent == [
        [f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"] for span in attempts
    ]


def test_a_transport_error_is_exported_as_its_class_name(
    call: Callable[..., Any], telemetry: Telemetry
) -> None:
    with pytest.raises(DisconnectedError):
        call(FakeTransport(*[DisconnectedError("hush") for _ in range(3)]))
    spans = telemetry.spans()
    assert {(span.attributes or {})["error.type"] for span in spans} == {"DisconnectedError"}
    assert {span.status.status_code for span in spans} == {StatusCode.ERROR}
    (duration,) = telemetry.points()["http.client.request.duration"]
    assert (duration.count, duration.attributes["error.type"]) == (3, "DisconnectedError")
    assert not any(span.events for span in spans)


def test_exports_and_headers_contain_no_secret_and_no_user(
    call: Callable[..., Any], telemetry: Telemetry
) -> None:
    token = context.attach(baggage.set_baggage("user", "hush-baggage"))
    details = {"error": "hush-error", "error_description": "hush-description"}
    scripts = [
        FakeTransport().link("https://tenant.example/hush-link"),
        FakeTransport().status(403, **details, x_request_id="hush-id"),
        FakeTransport(DisconnectedError("hush-message")),
        FakeTransport().link("not a link: hush-link"),
    ]
    for fake in scripts:
        with contextlib.suppress(UsersManagerError):
            call(fake, "impersonate", "auth0|hush/user", {**SETTINGS, "client_id": "hush-client"})
        assert "hush" not in repr([dict(request.headers) for request in fake.requests])
    context.detach(token)
    assert len(telemetry.spans()) == 2 * len(scripts)
    assert "https://tenant.example/users/REDACTED/impersonate" in telemetry.everything()
    assert "POST /users/{user_id}/impersonate" in telemetry.everything()
    assert "hush" not in telemetry.everything()


def test_without_an_sdk_no_header_is_added(call: Callable[..., Any], telemetry: Telemetry) -> None:
    telemetry.plugins[0] = OpenTelemetry()
    fake = FakeTransport().profile("ada")
    call(fake)
    assert "traceparent" not in fake.requests[0].headers
