"""Flows: a call's logic written once, carried out by a blocking and an asyncio driver.

A flow is a generator. It never does I/O; it yields *effects* and is resumed with
what they gave. There are three: sending a request (the innermost `proceed` yields
it), `sleep`, and `run`. Carrying them out is what the drivers do: `driver.py` and
`async_driver.py`.

    call:     manager -> wrap -> wrap -> attempt -> wrap -> wrap -> send
                      `-- per call --'           `- per attempt -'
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from types import GeneratorType
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from ..errors import DeadlineExceededError, PluginError, UsersManagerError
from .._values.messages import Request, Response

__all__ = [
    "Effect",
    "Flow",
    "NamedMiddleware",
    "Proceed",
    "Run",
    "Send",
    "Sleep",
    "Middleware",
    "compose",
    "invalid_effect_error",
    "run",
    "sleep",
]

T = TypeVar("T")


class Send:
    """Carry a request to the server; gives its Response."""

    __slots__ = ("request",)

    def __init__(self, request: Request) -> None:
        self.request = request


class Sleep:
    """Wait this many seconds, but not beyond the call's deadline."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def begin(self, deadline: float) -> float:
        """The seconds there are to wait."""
        return max(0.0, min(self.seconds, deadline - time.monotonic()))

    def end(self, deadline: float) -> None:
        """Raises DeadlineExceededError if the deadline cut the wait."""
        if time.monotonic() >= deadline:
            raise DeadlineExceededError("the deadline passed while a plugin waited")


class Run(Generic[T]):
    """Do something that has both modes; gives its result."""

    __slots__ = ("asynchronous", "blocking")

    def __init__(self, blocking: Callable[[], T], asynchronous: Callable[[], Awaitable[T]]) -> None:
        self.blocking = blocking
        self.asynchronous = asynchronous


# What a flow is resumed with depends on the effect it yielded, which a generator's
# type can't express: hence Any.
Effect: TypeAlias = Send | Sleep | Run[Any]
Flow: TypeAlias = Generator[Effect, Any, Response]
Proceed: TypeAlias = Callable[[Request], Flow]
Middleware: TypeAlias = Callable[[Request, Proceed], Flow | Response]


def sleep(seconds: float) -> Generator[Effect, Any, None]:
    """Waits inside a flow.

    Args:
        seconds: how long; not negative.

    Raises:
        DeadlineExceededError: the call's deadline came first.

    Example:
        `yield from sleep(0.2)`
    """
    yield Sleep(seconds)


def run(
    blocking: Callable[[], T], asynchronous: Callable[[], Awaitable[T]]
) -> Generator[Effect, Any, T]:
    """Uses a library that has both modes inside a flow.

    Args:
        blocking: called without arguments by the blocking driver.
        asynchronous: called without arguments and awaited by the asyncio driver.

    Returns:
        What the one that was called gave. What it raises is raised here.

    Example:
        `secret = yield from run(vault.get, async_vault.get)`
    """
    result: T = yield Run(blocking, asynchronous)
    return result


class NamedMiddleware(NamedTuple):
    """A wrap and the plugin it comes from, for the messages."""

    plugin: str
    wrap: Middleware


def compose(per_call: Sequence[NamedMiddleware], per_attempt: Sequence[NamedMiddleware]) -> Proceed:
    """The whole chain around a transport. The first of each sequence is the outermost."""
    proceed: Proceed = _send
    for named in reversed(per_attempt):
        proceed = _around(named, proceed)
    proceed = _attempt(proceed)
    for named in reversed(per_call):
        proceed = _around(named, proceed)
    return proceed


def _send(request: Request) -> Flow:
    if request.remaining() <= 0:
        raise DeadlineExceededError("the deadline passed before sending", phase="not sent")
    failure: UsersManagerError
    try:
        response = yield Send(request)
    except UsersManagerError as error:
        failure = error
    except BaseException as error:
        # An interruption can't be told from a transport's own exception: both pass through,
        # but without the frames that hold the token.
        error.__cause__ = error.__context__ = None
        raise error.with_traceback(None)  # noqa: B904 - the same error, not another.
    else:
        if isinstance(response, Response):
            return response
        kind = type(response).__name__
        failure = PluginError(f"the transport answered with {kind}, not a Response")
        del response  # It may be a secret, and a traceback shows what is kept here.
    # Raised out here, so that a library's error and its token-bearing frames are gone.
    try:
        raise failure.bare()
    finally:
        del failure  # Kept here, it would hold this frame, and the frame the request.


def _attempt(inner: Proceed) -> Proceed:
    """Numbers the attempts of a call, whichever plugin repeats it."""

    def proceed(request: Request) -> Flow:
        request.call.attempts += 1
        return inner(request.with_attempt(request.call.attempts))

    return proceed


def _around(named: NamedMiddleware, inner: Proceed) -> Proceed:
    plugin, wrap = named

    def proceed(request: Request) -> Flow:
        flow = wrap(request, inner)
        if isinstance(flow, GeneratorType):
            # What a wrap only passes on is one of our own flows: its ending is checked.
            is_ours = flow.gi_code in _OWN and flow.gi_frame is not None
            return flow if is_ours else _ended(plugin, flow)
        if isinstance(flow, Response):
            return _answered(flow)
        if isinstance(flow, Coroutine):
            flow.close()
        kind = type(flow).__name__
        del flow  # It may be a secret, and a traceback shows what is kept here.
        raise PluginError(
            f"plugin {plugin!r}: a wrap returned {kind}; write a generator"
            " function, or return proceed(request) or a Response"
        )

    return proceed


def _ended(plugin: str, flow: Flow) -> Flow:
    response = yield from flow
    if isinstance(response, Response):
        return response
    kind = type(response).__name__
    del response  # It may be a secret, and a traceback shows what is kept here.
    raise PluginError(
        f"plugin {plugin!r} ended with {kind}, not a Response: write"
        " `return (yield from proceed(request))`"
    )


def _answered(response: Response) -> Flow:
    return response
    yield  # Makes this a generator: a flow that ends at once.


# The flows of this file end with a Response, or raise.
_OWN = (_send.__code__, _ended.__code__, _answered.__code__)


def invalid_effect_error(kind: type) -> PluginError:
    """The error for something else that was yielded."""
    return PluginError(
        f"a plugin yielded {kind.__name__}, not an effect: write"
        " `yield from proceed(request)`, `yield from sleep(...)` or `yield from run(...)`"
    )
