"""Spans, metrics and headers, as the OpenTelemetry SDK exports them, in both modes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import baggage, context
from opentelemetry.trace import SpanKind, StatusCode
from usersmanager_opentelemetry import OpenTelemetry

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
    whole, *attempts = telemetry.spans()
    assert (whole.name, whole.kind) == ("usersmanager.get_info", SpanKind.INTERNAL)
    assert whole.status.status_code is StatusCode.UNSET
    assert {one.parent.span_id for one in attempts if one.parent} == {whole.context.span_id}
    assert {(one.name, one.kind) for one in attempts} == {("GET /userinfo", SpanKind.CLIENT)}
    server = {
        "http.request.method": "GET",
        "server.address": "tenant.example",
        "server.port": 443,
        "url.full": "https://tenant.example/userinfo",
        "url.template": "/userinfo",
    }
    refused = {"http.response.status_code": 503, "error.type": "503"}
    assert [dict(one.attributes or {}) for one in attempts] == [
        {**server, **refused},
        {**server, **refused, "http.request.resend_count": 1},
        {**server, "http.response.status_code": 200, "http.request.resend_count": 2},
    ]
    codes = [one.status.status_code for one in attempts]
    assert codes == [StatusCode.ERROR, StatusCode.ERROR, StatusCode.UNSET]


def test_each_attempt_is_measured_and_each_retry_is_counted(
    call: Callable[..., Any], telemetry: Telemetry
) -> None:
    call(FakeTransport().status(503).status(503).profile("ada"))
    points = telemetry.points()
    measured = points["http.client.request.duration"]
    durations = {one.attributes["http.response.status_code"]: one for one in measured}
    assert {status: one.count for status, one in durations.items()} == {503: 2, 200: 1}
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


def test_each_attempt_tells_the_server_its_own_span(
    call: Callable[..., Any], telemetry: Telemetry
) -> None:
    fake = FakeTransport().status(503).profile("ada")
    call(fake)
    _, *attempts = telemetry.spans()
    told = [one.headers["traceparent"].split("-")[1:3] for one in fake.requests]
    assert told == [
        [f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"] for span in attempts
    ]


def test_a_transport_error_is_told_by_its_class_alone(
    call: Callable[..., Any], telemetry: Telemetry
) -> None:
    with pytest.raises(DisconnectedError):
        call(FakeTransport(*[DisconnectedError("hush") for _ in range(3)]))
    spans = telemetry.spans()
    assert {(one.attributes or {})["error.type"] for one in spans} == {"DisconnectedError"}
    assert {one.status.status_code for one in spans} == {StatusCode.ERROR}
    (duration,) = telemetry.points()["http.client.request.duration"]
    assert (duration.count, duration.attributes["error.type"]) == (3, "DisconnectedError")
    assert not any(one.events for one in spans)


def test_nothing_that_is_exported_or_sent_holds_a_secret_or_a_user(
    call: Callable[..., Any], telemetry: Telemetry
) -> None:
    token = context.attach(baggage.set_baggage("user", "hush-baggage"))
    words = {"error": "hush-error", "error_description": "hush-words"}
    scripts = [
        FakeTransport().link("https://tenant.example/hush-link"),
        FakeTransport().status(403, **words, x_request_id="hush-id"),
        FakeTransport(DisconnectedError("hush-message")),
        FakeTransport().link("not a link: hush-link"),
    ]
    for fake in scripts:
        with contextlib.suppress(UsersManagerError):
            call(fake, "impersonate", "auth0|hush/user", {**SETTINGS, "client_id": "hush-client"})
        assert "hush" not in repr([dict(one.headers) for one in fake.requests])
    context.detach(token)
    assert len(telemetry.spans()) == 2 * len(scripts)
    assert "https://tenant.example/users/REDACTED/impersonate" in telemetry.everything()
    assert "POST /users/{user_id}/impersonate" in telemetry.everything()
    assert "hush" not in telemetry.everything()


def test_without_an_sdk_nothing_is_added(call: Callable[..., Any], telemetry: Telemetry) -> None:
    telemetry.plugins[0] = OpenTelemetry()
    fake = FakeTransport().profile("ada")
    call(fake)
    assert "traceparent" not in fake.requests[0].headers
