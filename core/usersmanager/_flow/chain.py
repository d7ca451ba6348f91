"""Chain the middleware of a manager around its transport.

call:     manager → middleware → attempt → middleware → send
(per call)             (per attempt)
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from types import GeneratorType
from typing import NamedTuple

from .._values.messages import Request, Response
from ..errors import DeadlineExceededError, PluginError, UsersManagerError
from .effects import Flow, Middleware, Proceed, Send

__all__ = ["NamedMiddleware", "chain"]


class NamedMiddleware(NamedTuple):
    """Middleware and the name of its plugin, for messages."""

    plugin: str
    middleware: Middleware


def chain(per_call: Sequence[NamedMiddleware], per_attempt: Sequence[NamedMiddleware]) -> Proceed:
    """Return a function that sends a request through all middleware, the first outermost."""
    proceed: Proceed = _send
    for named in reversed(per_attempt):
        proceed = _around(named, proceed)
    proceed = _count_attempts(proceed)
    for named in reversed(per_call):
        proceed = _around(named, proceed)
    return proceed


def _send(request: Request) -> Flow:
    if request.remaining() <= 0:
        raise DeadlineExceededError("the deadline passed before sending", sent=False)
    error: UsersManagerError
    try:
        response = yield Send(request)
    except UsersManagerError as caught:
        error = caught
    except BaseException as caught:
        # An interruption, or an exception of the transport's own: it passes through, but without
        # the frames that hold the token.
        caught.__cause__ = caught.__context__ = None
        raise caught.with_traceback(None)  # noqa: B904 - the same error, not another.
    else:
        if isinstance(response, Response):
            return response
        kind = type(response).__name__
        error = PluginError(f"the transport returned {kind}, not a Response")
        del response  # It may be a secret, and a traceback shows local variables.
    # Not inside the `except` block, which would set the context again.
    try:
        raise error._without_traceback()
    finally:
        del error  # Break the reference cycle.


def _count_attempts(inner: Proceed) -> Proceed:
    """Return `inner`, with the attempts of a call numbered, whichever plugin repeats it."""

    def proceed(request: Request) -> Flow:
        request.call.attempts += 1
        return inner(request.with_attempt(request.call.attempts))

    return proceed


def _around(named: NamedMiddleware, inner: Proceed) -> Proceed:
    plugin, middleware = named

    def proceed(request: Request) -> Flow:
        result = middleware(request, inner)
        if not isinstance(result, GeneratorType):
            if isinstance(result, Response):
                return result
            if isinstance(result, Coroutine):
                result.close()
            kind = type(result).__name__
            del result  # It may be a secret, and a traceback shows local variables.
            raise PluginError(
                f"plugin {plugin!r}: its middleware returned {kind}; write a generator"
                " function, or return proceed(request) or a Response"
            )
        response = yield from result
        if isinstance(response, Response):
            return response
        kind = type(response).__name__
        del response, result
        raise PluginError(
            f"plugin {plugin!r} returned {kind}, not a Response: write"
            " `return (yield from proceed(request))`"
        )

    return proceed
