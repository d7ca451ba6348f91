"""Run a flow outside of a call. It may only yield the effect of `run`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from usersmanager.plugins import Flow

__all__ = ["drive", "drive_async"]

T = TypeVar("T")


def drive(flow: Flow[T]) -> T:
    """Run a flow in sync code."""
    resume: Callable[[Any], Any] = flow.send
    value: object = None
    while True:
        try:
            effect = resume(value)
        except StopIteration as end:
            return cast(T, end.value)
        try:
            resume, value = flow.send, effect.sync()
        except BaseException as error:
            resume, value = flow.throw, error


async def drive_async(flow: Flow[T]) -> T:
    """Run a flow in async code."""
    resume: Callable[[Any], Any] = flow.send
    value: object = None
    while True:
        try:
            effect = resume(value)
        except StopIteration as end:
            return cast(T, end.value)
        try:
            resume, value = flow.send, await effect.async_()
        except BaseException as error:
            resume, value = flow.throw, error
