"""Start and end the spans of calls and attempts, and make them current meanwhile.

A flow may be interrupted between any two lines, and the coroutine of a discarded call is closed in
the context of whatever runs then. So a context is restored only if it is still the current one,
rather than by a token, and the end of a call also restores what one of its attempts has left.
"""

from __future__ import annotations

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from usersmanager import Request

from .attributes import Attributes

__all__ = ["AttemptSpan", "CallSpan", "continue_trace"]

_CALL = context.create_key("usersmanager-call")
# The instrumentations of HTTP libraries create no span in a context with this key. It is private,
# but they all import it, and the public function that sets it belongs to another distribution.
_SUPPRESS_HTTP = getattr(
    context, "_SUPPRESS_HTTP_INSTRUMENTATION_KEY", "suppress_http_instrumentation"
)
# The global propagator may also send baggage, which may identify the user.
_PROPAGATOR = TraceContextTextMapPropagator()


def continue_trace(request: Request, current: Context | None = None) -> Request:
    """Return a request that continues a trace in the server (W3C Trace Context).

    Args:
        request: the request.
        current: the context of the trace; None for that of the caller, which may have none.
    """
    fields: dict[str, str] = {}
    _PROPAGATOR.inject(fields, current)
    return request.with_headers(fields) if fields else request


class _Span:
    """A span that has been started and is not yet current."""

    __slots__ = ("_outer", "_span")

    def __init__(self, tracer: Tracer, name: str, kind: SpanKind, attributes: Attributes) -> None:
        self._outer = context.get_current()
        self._span = tracer.start_span(name, self._outer, kind, attributes)

    def end(self, result: Attributes) -> None:
        """Set the last attributes, and end the span."""
        self._span.set_attributes(result)
        if "error.type" in result:
            self._span.set_status(StatusCode.ERROR)
        self._span.end()

    def __del__(self) -> None:
        # An interruption may have come before the end, or before the start.
        span: Span = getattr(self, "_span", trace.INVALID_SPAN)
        if span.is_recording():
            span.end()


class CallSpan(_Span):
    """The span of a call."""

    __slots__ = ("_id",)

    def __init__(self, tracer: Tracer, name: str, attributes: Attributes) -> None:
        super().__init__(tracer, name, SpanKind.INTERNAL, attributes)
        self._id = object()

    def attach(self) -> None:
        """Make the span current."""
        inner = trace.set_span_in_context(self._span, self._outer)
        context.attach(context.set_value(_CALL, self._id, inner))

    def detach(self) -> None:
        """Restore the context of the caller, if the current one is of this call."""
        if context.get_value(_CALL) is self._id:
            context.attach(self._outer)


class AttemptSpan(_Span):
    """The span of an attempt."""

    __slots__ = ("_inner",)

    def __init__(self, tracer: Tracer, name: str, attributes: Attributes) -> None:
        super().__init__(tracer, name, SpanKind.CLIENT, attributes)
        inner = trace.set_span_in_context(self._span, self._outer)
        self._inner = context.set_value(_SUPPRESS_HTTP, True, inner)

    def continue_in(self, request: Request) -> Request:
        """Return a request whose span in the server becomes a child of this one."""
        return continue_trace(request, self._inner)

    def attach(self) -> None:
        """Make the span current, and suppress those of instrumented HTTP libraries."""
        context.attach(self._inner)

    def detach(self) -> None:
        """Restore the context of the call, if the current one is that of the attempt."""
        if context.get_current() is self._inner:
            context.attach(self._outer)
