"""Explain the mistakes that a plugin can make in a flow, and how to fix them.

A MistakeError is raised where the name of the plugin is unknown. `blame` turns it into a
PluginError that contains the name.
"""

from __future__ import annotations

from collections.abc import Coroutine
from types import AsyncGeneratorType, GeneratorType

from .._values.request import Request
from ..errors import PluginError
from .effects import Step

__all__ = [
    "STOP_ITERATION",
    "WAITS_FOR_ITSELF",
    "MistakeError",
    "blame",
    "explain_request",
    "explain_result",
    "explain_shared_flow",
    "explain_yielded",
]

WAITS_FOR_ITSELF = (
    "called SingleFlight.run() inside the flow that runs for an equal key, and would wait for"
    " itself: use another key, or run the inner flow without SingleFlight"
)

STOP_ITERATION = (
    "raised StopIteration, which can't leave a generator: catch it, or write `next(iterator, None)`"
)

_YIELD_FROM = (
    "write `yield from proceed(request)`, `yield from sleep(...)` or `yield from run(...)`"
)


class MistakeError(PluginError):
    """A mistake of a plugin. Its text follows the plugin's name."""


def blame(plugin: str, mistake: object) -> PluginError:
    """Return the error for a mistake of a plugin."""
    return PluginError(f"plugin {plugin!r} {mistake}")


def explain_request(value: object) -> MistakeError:
    """Explain the mistake of calling ``proceed`` with a value other than a request of the call."""
    if isinstance(value, Request):
        # Its token would not be redacted, and a cache outside would not know of it.
        return MistakeError(
            "called proceed() with a Request of no call: pass `call=request.call` to Request, or"
            " use `request.with_token` and `request.with_headers`"
        )
    return MistakeError(f"called proceed() with {type(value).__name__}: pass a Request")


def explain_yielded(value: object) -> MistakeError:
    """Explain the mistake of a flow that yielded a value other than an effect."""
    if _needs_yield_from(value):
        return MistakeError(f"used `yield` without `from`: {_YIELD_FROM}")
    if _is_async(value):
        return MistakeError("yielded a coroutine: write `yield from run(sync=..., async_=...)`")
    return MistakeError(f"yielded {type(value).__name__}, which is not an effect: {_YIELD_FROM}")


def explain_result(value: object) -> str:
    """Explain why the result of a wrap hook is not a Response."""
    if value is None:
        return (
            "returned None: return the Response, as in"
            " `response = yield from proceed(request); return response`"
        )
    if _needs_yield_from(value):
        return "returned a flow from a flow: write `return (yield from proceed(request))`"
    if _is_async(value):
        return (
            "is an async function: write a generator function, which calls async code with"
            " `yield from run(sync=..., async_=...)`"
        )
    return f"returned {type(value).__name__}, not a Response"


def explain_shared_flow(value: object) -> MistakeError:
    """Explain the mistake of calling SingleFlight.run without a function that returns a flow.

    Args:
        value: the argument if it was not a function, otherwise the value that it returned.
    """
    kind = type(value).__name__
    if isinstance(value, Step):
        value.discard()
    elif _is_async(value):
        kind = "coroutine"
    return MistakeError(
        f"passed {kind} to SingleFlight.run(): pass a generator function, or a function that"
        " returns a flow, as in `flight.run(key, lambda: proceed(request))`"
    )


def _needs_yield_from(value: object) -> bool:
    if isinstance(value, Step):
        value.discard()
        return True
    return isinstance(value, GeneratorType)


def _is_async(value: object) -> bool:
    if isinstance(value, Coroutine):
        value.close()  # Otherwise Python warns that it was never awaited.
        return True
    return isinstance(value, AsyncGeneratorType)
