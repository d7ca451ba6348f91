"""The spans, metrics and header fields of calls, in both modes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import baggage, context
from opentelemetry.trace import SpanKind, StatusCode
from tests.plugins.opentelemetry.telemetry import SERVER, Telemetry, attributes
from tests.support import make_request

from usersmanager import DisconnectedError, Request, Response, UsersManagerError
from usersmanager.operations import Operation
from usersmanager.plugins import Flow, Proceed, hookimpl
from usersmanager.testing import FakeTransport, PluginContract
from usersmanager_opentelemetry import OpenTelemetry
from usersmanager_opentelemetry.attributes import attempt_name, resource, server

SETTINGS = {"impersonator_id": "hush-boss", "protocol": "oauth2", "token": "hush-api-token"}
IMPERSONATE = ("impersonate", "auth0|hush/user", {**SETTINGS, "client_id": "hush-client"})
Call = Callable[..., Any]


class TestContract(PluginContract):
    def plugin(self) -> OpenTelemetry:
        telemetry = Telemetry()
        return OpenTelemetry(telemetry.provider, telemetry.meters)


def test_a_call_is_a_span_and_each_attempt_a_client_span_below_it(
    call: Call, telemetry: Telemetry
) -> None:
    call(FakeTransport().status(503).status(503).profile("ada"))
    root, *attempts = telemetry.spans()
    assert (root.name, root.kind) == ("usersmanager.get_info", SpanKind.INTERNAL)
    assert attributes(root) == {"usersmanager.operation": "get_info"}
    assert {span.parent.span_id for span in attempts if span.parent} == {root.context.span_id}
    assert {(span.name, span.kind) for span in attempts} == {("GET /userinfo", SpanKind.CLIENT)}
    url = {"url.full": "https://tenant.example/userinfo", "url.template": "/userinfo"}
    unavailable = {**SERVER, **url, "http.response.status_code": 503, "error.type": "503"}
    assert [attributes(span) for span in attempts] == [
        unavailable,
        {**unavailable, "http.request.resend_count": 1},
        {**SERVER, **url, "http.response.status_code": 200, "http.request.resend_count": 2},
    ]
    codes = [span.status.status_code for span in (root, *attempts)]
    assert codes == [StatusCode.UNSET, StatusCode.ERROR, StatusCode.ERROR, StatusCode.UNSET]


def test_each_attempt_is_measured_and_each_retry_is_counted(
    call: Call, telemetry: Telemetry
) -> None:
    call(FakeTransport().status(503).status(503).profile("ada"))
    points = telemetry.points()
    durations = {
        point.attributes["http.response.status_code"]: point
        for point in points["http.client.request.duration"]
    }
    assert {status: point.count for status, point in durations.items()} == {503: 2, 200: 1}
    bounds = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
    assert durations[200].explicit_bounds == bounds
    unavailable = {"http.response.status_code": 503, "error.type": "503"}
    assert dict(durations[503].attributes) == {**SERVER, **unavailable}
    (retries,) = points["usersmanager.retries"]
    assert (retries.value, dict(retries.attributes)) == (2, {"usersmanager.operation": "get_info"})


def test_each_attempt_sends_its_own_span_as_traceparent(call: Call, telemetry: Telemetry) -> None:
    fake = FakeTransport().status(503).profile("ada")
    call(fake)
    _, *attempts = telemetry.spans()
    sent = [request.headers["traceparent"].split("-")[1:3] for request in fake.requests]
    assert sent == [
        [f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"] for span in attempts
    ]


def interrupt(request: Request) -> Response:
    raise KeyboardInterrupt("hush")


@pytest.mark.parametrize(
    ("outcome", "of_attempt", "of_call"),
    [
        (Response(401), "401", "401"),
        (DisconnectedError("hush"), "DisconnectedError", "DisconnectedError"),
        (Response(200, {}, b"hush"), None, "DecodeError"),
        (interrupt, "KeyboardInterrupt", "KeyboardInterrupt"),
    ],
    ids=["status", "transport", "decoding", "interruption"],
)
def test_the_span_of_a_call_has_the_error_of_the_caller_and_an_attempt_its_own(
    call: Call,
    telemetry: Telemetry,
    outcome: Any,
    of_attempt: str | None,
    of_call: str,
) -> None:
    with pytest.raises((UsersManagerError, KeyboardInterrupt)):
        call(FakeTransport(*[outcome] * 3))
    root, *attempts = telemetry.spans()
    assert attributes(root)["error.type"] == of_call
    assert root.status.status_code is StatusCode.ERROR
    assert {attributes(span).get("error.type") for span in attempts} == {of_attempt}
    for point in telemetry.points()["http.client.request.duration"]:
        assert point.attributes.get("error.type") == of_attempt
    assert telemetry.open_spans() == 0
    assert "hush" not in telemetry.everything()


def test_no_span_metric_or_header_contains_a_secret_or_a_user(
    call: Call, telemetry: Telemetry
) -> None:
    details = {"error": "hush-error", "error_description": "hush-description"}
    scripts = [
        FakeTransport().link("https://tenant.example/hush-link"),
        FakeTransport().status(403, **details, x_request_id="hush-id"),
        FakeTransport(DisconnectedError("hush-message")),
        FakeTransport().link("not a link: hush-link"),
    ]
    failed = 0
    token = context.attach(baggage.set_baggage("user", "hush-baggage"))
    try:
        for fake in scripts:
            try:
                call(fake, *IMPERSONATE)
            except UsersManagerError:
                failed += 1
            assert "hush" not in repr([dict(request.headers) for request in fake.requests])
    finally:
        context.detach(token)
    assert (failed, len(telemetry.spans())) == (3, 2 * len(scripts))
    assert "https://tenant.example/users/REDACTED/impersonate" in telemetry.everything()
    assert "POST /users/{user_id}/impersonate" in telemetry.everything()
    assert "hush" not in telemetry.everything()


def test_no_argument_and_no_query_of_any_operation_is_recorded(
    call: Call, telemetry: Telemetry
) -> None:
    arguments = {"a": "hush-a", "b_2": "hush-b"}
    operation = Operation(
        "remove", "DELETE", path="/x/{a}/{b_2}", arguments=arguments, query={"q": "hush"}, read=repr
    )
    call(FakeTransport().status(204), "call", operation)
    assert "https://tenant.example/x/REDACTED/REDACTED" in telemetry.everything()
    assert "DELETE /x/{a}/{b_2}" in telemetry.everything()
    assert "usersmanager.remove" in telemetry.everything()
    assert "hush" not in telemetry.everything()


def test_the_query_of_an_endpoint_is_not_recorded() -> None:
    request = make_request(template="/me?key=hush")
    assert attempt_name(request) == "GET /me"
    url = {"url.full": "https://tenant.example:8443/me", "url.template": "/me"}
    assert resource(request) == url
    assert server(request) == {**SERVER, "server.port": 8443}


class Noting:
    """Leave a note, and call the rest of the call twice."""

    @hookimpl(tryfirst=True)
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        yield from proceed(request)
        request.call.notes["cache"] = "stale"
        request.call.notes["operation"] = "not this"
        return (yield from proceed(request))


def test_a_call_has_one_span_with_the_notes_of_all_plugins(
    call: Call, telemetry: Telemetry
) -> None:
    telemetry.plugins.insert(0, Noting())
    call(FakeTransport().status(401).profile("ada"))
    root, first, second = telemetry.spans()
    assert attributes(root) == {
        "usersmanager.operation": "get_info",
        "usersmanager.cache": "stale",
    }
    assert {span.parent.span_id for span in (first, second) if span.parent} == {
        root.context.span_id
    }
