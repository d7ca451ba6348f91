"""The sync driver: execute the effects of a flow with plain calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar, cast

from .._values.deadline import Deadline
from .effects import Effect, Run, Send, Sleep, Wait
from .mistakes import explain_yielded
from .transport import Transport

__all__ = ["drive"]

T = TypeVar("T")


def drive(flow: Generator[Effect, Any, T], transport: Transport, deadline: Deadline) -> T:
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
                value = None  # Break the reference cycle of an error and this frame.
            try:
                match effect:
                    case Send():
                        resume, value = flow.send, transport.send(effect.request)
                    case Sleep():
                        effect.check_deadline(deadline)
                        getattr(transport, "sleep", time.sleep)(effect.seconds)
                        resume = flow.send
                    case Run():
                        effect.check_deadline(deadline)
                        resume, value = flow.send, effect.sync()
                    case Wait():
                        effect.waiter.wait(effect.duration(deadline))
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
