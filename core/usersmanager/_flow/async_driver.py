"""The asyncio driver: carries a flow out with `await`.

As `driver.py`, statement by statement: what a flow does is the same in both modes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar, cast

from ..errors import DeadlineExceededError
from .effects import Effect, Run, Send, Sleep, invalid_effect_error
from .transport import AsyncTransport

__all__ = ["drive_async"]

T = TypeVar("T")


async def drive_async(
    flow: Generator[Effect, Any, T], transport: AsyncTransport, deadline: float
) -> T:
    """Carries a flow out with `await`."""
    resume: Callable[[Any], Effect] = flow.send
    value: object = None
    effect: object
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
                    await asyncio.sleep(effect.begin(deadline))
                    resume = flow.send
                    effect.end(deadline)
                case Run():
                    resume, value = flow.send, await _within(deadline, effect)
                case _:
                    # Its type alone: it may be a secret, and tracebacks show variables.
                    effect = type(effect)
                    raise invalid_effect_error(effect)
        except BaseException as error:
            resume, value = flow.throw, error


async def _within(deadline: float, effect: Run[T]) -> T:
    """What an effect gives, cut at the deadline. A blocking call can't be cut."""
    try:
        async with asyncio.timeout(deadline - time.monotonic()) as limit:
            return await effect.asynchronous()
    except TimeoutError:
        if not limit.expired():
            raise
    raise DeadlineExceededError("the deadline passed while a plugin waited")
