"""The opentelemetry plugin of `usersmanager`: spans and metrics of calls and attempts.

Attributes are an allow-list: they contain no token, link, body or user id, and only the class
name of an error.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from opentelemetry.metrics import MeterProvider, get_meter
from opentelemetry.trace import SpanKind, StatusCode, TracerProvider, get_tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from usersmanager import Request, Response
from usersmanager.plugins import Flow, Middleware, Proceed, hookimpl

__all__ = ["OpenTelemetry"]

Attributes = dict[str, str | int]

# The buckets that the semantic conventions for HTTP metrics recommend.
_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
_PORTS = {"http": 80, "https": 443}


class OpenTelemetry:
    """Trace calls and attempts, send `traceparent`, and record metrics.

    Metrics: the histogram `http.client.request.duration` (seconds, per attempt) and the
    counter `usersmanager.retries` (attempts beyond the first).

    Args:
        tracer_provider: replaces the global one.
        meter_provider: replaces the global one.

    Example:
        `UsersManager(url, plugins=[OpenTelemetry(tracer_provider=provider)])`

    Source: OpenTelemetry semantic conventions for HTTP client spans and metrics 1.23 (stable).
    """

    def __init__(
        self,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        self._tracer = get_tracer(__name__, tracer_provider=tracer_provider)
        meter = get_meter(__name__, meter_provider=meter_provider)
        self._duration = meter.create_histogram(
            "http.client.request.duration",
            unit="s",
            description="Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._retries = meter.create_counter(
            "usersmanager.retries", unit="{retry}", description="Attempts beyond the first."
        )
        # The global propagator also sends baggage, which may identify the user.
        self._propagator = TraceContextTextMapPropagator()

    @hookimpl(tryfirst=True)
    def usersmanager_wrap_call(self) -> Middleware:
        """Return the outermost middleware, so that the span covers the whole call."""
        return self._trace_call

    @hookimpl(trylast=True)
    def usersmanager_wrap_attempt(self) -> Middleware:
        """Return the innermost middleware, so that the span covers the request alone."""
        return self._trace_attempt

    def _trace_call(self, request: Request, proceed: Proceed) -> Flow:
        operation: Attributes = {"usersmanager.operation": request.operation}
        name, outcome = f"usersmanager.{request.operation}", Attributes()
        try:
            with self._span(name, SpanKind.INTERNAL, operation, outcome):
                response = yield from proceed(request)
                outcome.update(_outcome(response))
        finally:
            self._retries.add(max(0, request.call.attempts - 1), operation)
        return response

    def _trace_attempt(self, request: Request, proceed: Proceed) -> Flow:
        server, outcome, started = _server(request), Attributes(), time.perf_counter()
        name = f"{request.method} {request.template}"
        try:
            with self._span(name, SpanKind.CLIENT, server | _resource(request), outcome):
                fields: dict[str, str] = {}
                self._propagator.inject(fields)
                response = yield from proceed(request.with_headers(fields))
                outcome.update(_outcome(response))
        finally:
            self._duration.record(time.perf_counter() - started, server | outcome)
        return response

    @contextlib.contextmanager
    def _span(
        self, name: str, kind: SpanKind, attributes: Attributes, outcome: Attributes
    ) -> Iterator[None]:
        """Make a span current during a block; set the attributes that the block adds to `outcome`.

        A flow runs in the context of its call in both modes, so the span can be detached
        after a `yield`.
        """
        with self._tracer.start_as_current_span(
            name,
            kind=kind,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as error:
                outcome["error.type"] = type(error).__qualname__
                raise
            finally:
                span.set_attributes(outcome)
                if "error.type" in outcome:
                    span.set_status(StatusCode.ERROR)


def _server(request: Request) -> Attributes:
    """Return the attributes of a request for spans and metrics."""
    origin = urlsplit(request.origin)
    return {
        "http.request.method": request.method,
        "server.address": origin.hostname or "",
        "server.port": origin.port or _PORTS[origin.scheme],
    }


def _resource(request: Request) -> Attributes:
    """Return the attributes of a request for spans alone."""
    url = request.origin + request.template.replace("{user_id}", "REDACTED")
    attributes: Attributes = {"url.full": url, "url.template": request.template}
    if request.attempt > 1:
        attributes["http.request.resend_count"] = request.attempt - 1
    return attributes


def _outcome(response: Response) -> Attributes:
    outcome: Attributes = {"http.response.status_code": response.status}
    if response.status >= 400:
        outcome["error.type"] = str(response.status)
    return outcome
