"""The API for authors of plugins. See "Plugins" in the documentation for the hooks."""

from __future__ import annotations

from ._composition.hookspecs import hookimpl
from ._composition.missing_extra import MissingExtraError
from ._composition.report import PluginReport, installed_plugins
from ._flow.effects import Effect, Flow, Proceed, Step
from ._flow.outside import arun_flow, run_flow
from ._flow.single_flight import SingleFlight
from ._flow.steps import run, sleep
from ._manager.nested_call import call
from ._operations.reading import read
from ._values.call import Call
from ._values.headers import StaticHeaders
from ._values.lock import Lock
from ._values.request import Request
from ._values.response import Response
from ._values.token import Secret, Token
from ._values.validation import validate_count, validate_seconds

__all__ = [
    "Call",
    "Effect",
    "Flow",
    "Lock",
    "MissingExtraError",
    "PluginReport",
    "Proceed",
    "Request",
    "Response",
    "Secret",
    "SingleFlight",
    "StaticHeaders",
    "Step",
    "Token",
    "arun_flow",
    "call",
    "hookimpl",
    "installed_plugins",
    "read",
    "run",
    "run_flow",
    "sleep",
    "validate_count",
    "validate_seconds",
]


def __dir__() -> list[str]:
    return __all__
