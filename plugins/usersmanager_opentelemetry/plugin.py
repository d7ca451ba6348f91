"""The plugin: when spans start and end, and what is measured."""

from __future__ import annotations

import time
from weakref import WeakKeyDictionary

from opentelemetry.metrics import MeterProvider, get_meter
from opentelemetry.trace import TracerProvider, get_tracer

from usersmanager import Request, Response, __version__
from usersmanager.plugins import Call, Flow, Proceed, hookimpl

from . import attributes
from .providers import Providers
from .spans import AttemptSpan, CallSpan, continue_trace

__all__ = ["OpenTelemetry"]


class OpenTelemetry:
    """Trace calls and attempts, send ``traceparent``, and record metrics.

    A call is a span such as ``usersmanager.get_info``, whose error is the one that the caller gets.
    Each note of a plugin in ``request.call.notes`` is an attribute of it. Each attempt is a client
    span below it, such as ``GET /userinfo``. While an attempt is sent, the instrumentations of HTTP
    libraries create no span of their own.

    Without an SDK, it only passes on the trace context of the caller, if there is one.

    Metrics: the histogram ``http.client.request.duration`` (seconds, per attempt) and the
    counter ``usersmanager.retries`` (attempts beyond the first).

    Args:
        tracer_provider: replaces the global one.
        meter_provider: replaces the global one.

    Example::

        UsersManager(url, plugins=[OpenTelemetry(tracer_provider=provider)])

    Source: OpenTelemetry semantic conventions for HTTP client spans and metrics (stable).
    """

    name = "opentelemetry"

    def __init__(
        self,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        schema = attributes.SCHEMA_URL
        self._providers = Providers(tracer_provider, meter_provider)
        self._tracer = get_tracer("usersmanager", __version__, tracer_provider, schema)
        meter = get_meter("usersmanager", __version__, meter_provider, schema)
        self._duration = meter.create_histogram(
            "http.client.request.duration",
            unit="s",
            description="Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=attributes.DURATION_BUCKETS,
        )
        self._retries = meter.create_counter(
            "usersmanager.retries", unit="{retry}", description="Attempts beyond the first."
        )
        self._calls: WeakKeyDictionary[Call, CallSpan] = WeakKeyDictionary()

    @hookimpl(tryfirst=True)
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        """Trace the call, retries and waits included. Its span ends with `usersmanager_done`."""
        return self._trace(request, proceed) if self._providers.check() else proceed(request)

    def _trace(self, request: Request, proceed: Proceed) -> Flow[Response]:
        call = self._calls.get(request.call) or self._start(request)
        try:
            call.attach()
            return (yield from proceed(request))
        finally:
            call.detach()

    def _start(self, request: Request) -> CallSpan:
        name = f"usersmanager.{request.operation}"
        call = CallSpan(self._tracer, name, attributes.operation(request))
        self._calls[request.call] = call
        return call

    @hookimpl(trylast=True)
    def usersmanager_wrap_attempt(self, request: Request, proceed: Proceed) -> Flow[Response]:
        """Trace and measure the request alone, and send the trace context with it."""
        if self._providers.record:
            return self._trace_attempt(request, proceed)
        return proceed(continue_trace(request))

    def _trace_attempt(self, request: Request, proceed: Proceed) -> Flow[Response]:
        server, result, started = attributes.server(request), {}, time.perf_counter()
        shared = server | attributes.resource(request)
        attempt = AttemptSpan(self._tracer, attributes.attempt_name(request), shared)
        try:
            attempt.attach()
            response = yield from proceed(attempt.continue_in(request))
            result = attributes.attempt_result(response)
            return response
        except BaseException as error:
            result = attributes.error_type(error)
            raise
        finally:
            try:
                attempt.end(result)
                self._duration.record(time.perf_counter() - started, server | result)
            finally:
                attempt.detach()

    @hookimpl(tryfirst=True)
    def usersmanager_done(self, request: Request, error: BaseException | None) -> None:
        """End the span of the call with the error that the caller gets, and count its retries."""
        if not self._providers.record:
            return
        call = self._calls.pop(request.call, None)
        if call is not None:
            call.detach()  # As `usersmanager_wrap_call` does, unless it was interrupted.
            call.end(attributes.call_result(request, error))
        self._retries.add(max(0, request.call.attempts - 1), attributes.operation(request))
