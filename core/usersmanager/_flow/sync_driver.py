"""The blocking driver: carries a flow out with plain calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar, cast

from .effects import Effect, Run, Send, Sleep, invalid_effect_error
from .transport import Transport

__all__ = ["drive"]

T = TypeVar("T")


def drive(flow: Generator[Effect, Any, T], transport: Transport, deadline: float) -> T:
    """Carries a flow out with plain calls."""
    resume: Callable[[Any], Effect] = flow.send
    value: object = None
    effect: object
    while True:
        try:
            effect = resume(value)
        except StopIteration as end:
            return cast(T, end.value)
        finally:
            value = None  # An error kept here would hold this frame, and the frame the error.
        try:
            match effect:
                case Send():
                    resume, value = flow.send, transport.send(effect.request)
                case Sleep():
                    time.sleep(effect.begin(deadline))
                    resume = flow.send
                    effect.end(deadline)
                case Run():
                    resume, value = flow.send, effect.blocking()
                case _:
                    # Its type alone: it may be a secret, and tracebacks show variables.
                    effect = type(effect)
                    raise invalid_effect_error(effect)
        except BaseException as error:
            resume, value = flow.throw, error
