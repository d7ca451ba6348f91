"""An OpenTelemetry plugin whose spans and metrics stay in memory."""

from __future__ import annotations

from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from tenacity import wait_none

from usersmanager_opentelemetry import OpenTelemetry
from usersmanager_retry import Retry

SERVER = {"http.request.method": "GET", "server.address": "tenant.example", "server.port": 443}


class _Recorder(SpanProcessor):
    def __init__(self) -> None:
        self.started: list[Span] = []
        self.ended: list[ReadableSpan] = []

    def on_start(self, span: Span, parent_context: object = None) -> None:
        self.started.append(span)

    def on_end(self, span: ReadableSpan) -> None:
        self.ended.append(span)


class Telemetry:
    """Plugins for a manager, and what the first one records."""

    def __init__(self) -> None:
        self._recorder = _Recorder()
        self._reader = InMemoryMetricReader()
        self.provider = TracerProvider()
        self.provider.add_span_processor(self._recorder)
        self.meters = MeterProvider(metric_readers=[self._reader])
        self.plugins = [OpenTelemetry(self.provider, self.meters), Retry(wait=wait_none())]

    def settings(self, transport: object) -> dict[str, Any]:
        """Return the settings of a manager with these plugins alone."""
        return {"transport": transport, "plugins": self.plugins, "discover": False}

    def open_spans(self) -> int:
        return len(self._recorder.started) - len(self._recorder.ended)

    def spans(self) -> list[ReadableSpan]:
        """Return the ended spans, ordered by start."""
        return sorted(self._recorder.ended, key=lambda span: span.start_time or 0)

    def points(self) -> dict[str, list[Any]]:
        """Return the data points of each metric."""
        data = self._reader.get_metrics_data()
        scopes = data.resource_metrics[0].scope_metrics if data else []
        metrics = [metric for scope in scopes for metric in scope.metrics]
        return {metric.name: list(metric.data.data_points) for metric in metrics}

    def everything(self) -> str:
        """Return all spans and metrics as text."""
        data = self._reader.get_metrics_data()
        return "\n".join(
            [span.to_json() for span in self.spans()] + [data.to_json() if data else ""]
        )


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})
