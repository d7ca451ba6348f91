"""The opentelemetry plugin: spans and metrics of calls and attempts. It needs the extra `otel`."""

from __future__ import annotations

import inspect

from usersmanager.plugins import MissingExtraError

try:
    from opentelemetry.metrics import Meter

    # Another library may have installed an older version.
    _parameters = inspect.signature(Meter.create_histogram).parameters
    if "explicit_bucket_boundaries_advisory" not in _parameters:
        raise ModuleNotFoundError(name="opentelemetry.metrics")
except ModuleNotFoundError as error:
    if not str(error.name).startswith("opentelemetry"):
        raise
    raise MissingExtraError(
        "it needs opentelemetry-api 1.30 or newer: python -m pip install 'usersmanager[otel]'",
        name=error.name,
    ) from None

from .plugin import OpenTelemetry

__all__ = ["OpenTelemetry"]
