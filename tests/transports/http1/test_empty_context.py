"""in_empty_context: a coroutine without the context variables of the caller."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import weakref
from contextvars import ContextVar

import pytest

from usersmanager.transports.http1.empty_context import in_empty_context

variable: ContextVar[str] = ContextVar("variable", default="")


def test_it_starts_empty_keeps_what_the_coroutine_sets_and_changes_nothing_outside() -> None:
    async def inner() -> list[str]:
        seen = [variable.get()]
        variable.set("inner")
        await asyncio.sleep(0)
        return [*seen, variable.get()]

    async def main() -> None:
        variable.set("outer")
        assert await in_empty_context(inner()) == ["", "inner"]
        assert variable.get() == "outer"

    asyncio.run(main())


def test_an_exception_passes_and_leaves_no_reference_cycle() -> None:
    class RefusedError(OSError): ...

    async def failing() -> None:
        await asyncio.sleep(0)
        raise RefusedError

    async def main() -> weakref.ref[BaseException]:
        try:
            await in_empty_context(failing())
        except RefusedError as error:
            return weakref.ref(error)
        raise AssertionError

    gc.disable()
    try:
        assert asyncio.run(main())() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("times_out", [True, False])
def test_a_cancellation_ends_the_coroutine_in_its_context(times_out: bool) -> None:
    ends: list[str] = []

    async def inner() -> None:
        variable.set("inner")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ends.append(variable.get())
            raise

    async def main() -> None:
        if times_out:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.001):
                    await in_empty_context(inner())
        else:
            task = asyncio.ensure_future(asyncio.wait_for(in_empty_context(inner()), 10))
            await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    assert ends == ["inner"]


def test_a_coroutine_that_is_discarded_is_closed() -> None:
    ends: list[str] = []

    async def inner() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            ends.append("closed")

    async def main() -> None:
        await in_empty_context(inner())

    async def start() -> None:
        coroutine = main()
        coroutine.send(None)
        coroutine.close()

    asyncio.run(start())
    assert ends == ["closed"]
