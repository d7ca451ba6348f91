"""Names and attributes of spans and metrics.

Attributes are an allow-list: they contain no token, link, body or user id, and of an error only
its class or status.

Source: OpenTelemetry semantic conventions for HTTP spans and metrics, and for errors.
"""

from __future__ import annotations

import re
from typing import TypeAlias
from urllib.parse import urlsplit

from usersmanager import APIError, Request, Response

__all__ = [
    "DURATION_BUCKETS",
    "SCHEMA_URL",
    "Attributes",
    "attempt_name",
    "attempt_result",
    "call_result",
    "error_type",
    "operation",
    "resource",
    "server",
]

Attributes: TypeAlias = dict[str, str | int]

# A version that has every name used here.
SCHEMA_URL = "https://opentelemetry.io/schemas/1.27.0"
# The boundaries in seconds that the conventions advise for `http.client.request.duration`.
DURATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_PORTS = {"http": 80, "https": 443}


def operation(request: Request) -> Attributes:
    """Return the attributes of a call, for its span and for metrics."""
    return {"usersmanager.operation": request.operation}


def call_result(request: Request, error: BaseException | None) -> Attributes:
    """Return the attributes of a finished call: the notes of plugins, and the caller's error."""
    notes = {f"usersmanager.{name}": note for name, note in request.call.notes.items()}
    return {**notes, **operation(request), **error_type(error)}


def attempt_name(request: Request) -> str:
    """Return the name of the span of an attempt, which is the same for every user."""
    return f"{request.method} {_template(request)}".rstrip()


def server(request: Request) -> Attributes:
    """Return the attributes of an attempt, for its span and for metrics."""
    origin = urlsplit(request.origin)
    return {
        "http.request.method": request.method,
        "server.address": origin.hostname or "",
        "server.port": origin.port or _PORTS[origin.scheme],
    }


def resource(request: Request) -> Attributes:
    """Return the attributes of an attempt for its span alone."""
    template = _template(request)
    attributes: Attributes = {
        "url.full": request.origin + _PLACEHOLDER.sub("REDACTED", template),
        "url.template": template,
    }
    if request.attempt > 1:
        attributes["http.request.resend_count"] = request.attempt - 1
    return attributes


def attempt_result(response: Response) -> Attributes:
    """Return the attributes of an attempt that got a response."""
    result: Attributes = {"http.response.status_code": response.status}
    if response.status >= 400:
        result["error.type"] = str(response.status)
    return result


def error_type(error: BaseException | None) -> Attributes:
    """Return the attribute of an error: the status of the response, or the class."""
    if error is None:
        return {}
    if isinstance(error, APIError):
        return {"error.type": str(error.status)}
    return {"error.type": type(error).__qualname__}


def _template(request: Request) -> str:
    """Return the template of the path. The query of an endpoint may contain a key."""
    return request.template.partition("?")[0]
