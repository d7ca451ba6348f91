"""A plugin with in-memory exporters, and calls in both modes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry_usersmanager import OpenTelemetry
from tenacity import wait_none

from usersmanager import AsyncUsersManager, UsersManager
from usersmanager_retry import Retry


class Telemetry:
    """A plugin and its exports."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        meters = MeterProvider(metric_readers=[self._reader])
        self.plugins = [OpenTelemetry(self.provider, meters), Retry(wait=wait_none())]

    def spans(self) -> list[ReadableSpan]:
        """Return the finished spans, ordered by start."""
        return sorted(self._exporter.get_finished_spans(), key=lambda span: span.start_time or 0)

    def points(self) -> dict[str, list[Any]]:
        """Return the data points of each metric."""
        data = self._reader.get_metrics_data()
        scopes = data.resource_metrics[0].scope_metrics if data else []
        metrics = [metric for scope in scopes for metric in scope.metrics]
        return {metric.name: list(metric.data.data_points) for metric in metrics}

    def everything(self) -> str:
        """Return all exports as text."""
        data = self._reader.get_metrics_data()
        return "\n".join(
            [span.to_json() for span in self.spans()] + [data.to_json() if data else ""]
        )


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry()


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest, telemetry: Telemetry) -> Callable[..., Any]:
    """Return a function that makes one call, sync or async."""

    def call(transport: Any, method: str = "get_info", *arguments: Any) -> Any:
        settings = {"transport": transport, "plugins": telemetry.plugins, "discover": False}
        arguments = arguments or ("hush-token",)
        if request.param == "sync":
            with UsersManager("https://tenant.example", **settings) as users:
                return getattr(users, method)(*arguments)

        async def main() -> Any:
            async with AsyncUsersManager("https://tenant.example", **settings) as users:
                return await getattr(users, method)(*arguments)

        return asyncio.run(main())

    return call
