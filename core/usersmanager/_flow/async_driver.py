"""The asyncio driver: execute the effects of a flow with `await`.

It mirrors `sync_driver.py` statement by statement, so that a flow behaves the same in both modes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from functools import partial
from typing import Any, TypeVar, cast

from .._values.deadline import Deadline
from .effects import Effect, Run, Send, Sleep, Wait, waited_too_long_error
from .mistakes import MistakeError, explain_yielded
from .transport import AsyncTransport
from .waiter import Waiter

__all__ = ["drive_async"]

T = TypeVar("T")


async def drive_async(
    flow: Generator[Effect, Any, T], transport: AsyncTransport, deadline: Deadline
) -> T:
    """Run a flow to completion, and return its result."""
    resume: Callable[[Any], Effect] = flow.send
    value: object = None
    effect: object
    try:
        while True:
            try:
                effect = resume(value)
            except StopIteration as end:
                return cast(T, end.value)
            finally:
                value = None
            try:
                match effect:
                    case Send():
                        resume, value = flow.send, await transport.asend(effect.request)
                    case Sleep():
                        effect.check_deadline(deadline)
                        await getattr(transport, "asleep", asyncio.sleep)(effect.seconds)
                        resume = flow.send
                    case Run():
                        effect.check_deadline(deadline)
                        resume, value = flow.send, await _run(effect, deadline)
                    case Wait():
                        await _wait(effect.waiter, effect.duration(deadline))
                        resume, value = flow.send, deadline
                        effect.check_deadline(deadline)
                    case _:
                        mistake = explain_yielded(effect)
                        del effect  # It may be a secret, and a traceback shows local variables.
                        raise mistake
            except BaseException as error:
                resume, value = flow.throw, error
    finally:
        flow.close()  # An interruption may have come between two steps of the flow.


async def _run(effect: Run[T], deadline: Deadline) -> T:
    """Await the async function, at most until the deadline."""
    try:
        async with asyncio.timeout(deadline.remaining()) as limit:
            awaitable: object = effect.async_()
            if isinstance(awaitable, Awaitable):
                return cast(T, await awaitable)
    except TimeoutError:
        if not limit.expired():
            raise
    else:
        kind = type(awaitable).__name__
        del awaitable  # It may be a secret, and a traceback shows local variables.
        raise MistakeError(
            f"called run() with a function as `async_` that returned {kind}, not an awaitable"
        )
    raise waited_too_long_error()


async def _wait(waiter: Waiter, seconds: float) -> None:
    """Wait until the waiter is woken or the seconds have passed."""
    if seconds <= 0:
        return
    loop, end = asyncio.get_running_loop(), Deadline.after(seconds)
    woken: asyncio.Future[None] = loop.create_future()
    waiter.notify = partial(_call_soon, loop, partial(_complete, woken))
    try:
        if waiter.wait(0):  # It was woken before.
            return
        # Not one wait: the timers of uvloop may fire a millisecond early.
        while not woken.done() and (remaining := end.remaining()) > 0:
            await asyncio.wait([woken], timeout=remaining)
    finally:
        waiter.notify = None


def _complete(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _call_soon(loop: asyncio.AbstractEventLoop, callback: Callable[[], object]) -> bool:
    """Call a function in an event loop, from any thread. Return False if the loop is closed."""
    try:
        loop.call_soon_threadsafe(callback)
    except RuntimeError:
        if not loop.is_closed():
            raise
        return False
    return True
