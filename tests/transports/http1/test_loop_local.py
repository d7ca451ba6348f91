"""LoopLocal: which value an event loop has, and when it is closed."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.support import in_child

from usersmanager import LifecycleError
from usersmanager.transports.http1.loop_local import LoopLocal


class Value:
    """A value that records in which loop it was closed."""

    def __init__(self) -> None:
        self.closed_in: list[asyncio.AbstractEventLoop] = []

    async def close(self) -> None:
        self.closed_in.append(asyncio.get_running_loop())


class SlowValue(Value):
    async def close(self) -> None:
        await asyncio.sleep(0.01)
        await super().close()


def test_each_loop_has_its_own_value() -> None:
    local = LoopLocal(Value, Value.close)

    async def get_twice() -> tuple[Value, Value]:
        return local.get(), local.get()

    (first, again), (second, _) = asyncio.run(get_twice()), asyncio.run(get_twice())
    assert first is again
    assert first is not second


def test_a_value_is_closed_once_in_its_loop_before_that_ends() -> None:
    local = LoopLocal(Value, Value.close)

    async def main() -> tuple[Value, asyncio.AbstractEventLoop]:
        return local.get(), asyncio.get_running_loop()

    value, loop = asyncio.run(main())
    assert value.closed_in == [loop]


def test_the_value_of_a_loop_that_was_closed_abruptly_is_dropped_by_the_next_loop() -> None:
    local = LoopLocal(Value, Value.close)

    async def get() -> weakref.ref[Value]:
        return weakref.ref(local.get())

    loop = asyncio.new_event_loop()
    value = loop.run_until_complete(get())
    loop.close()
    gc.collect()
    assert value() is not None
    asyncio.run(get())
    assert value() is None


def test_closing_all_closes_the_value_of_the_running_loop_once() -> None:
    local = LoopLocal(Value, Value.close)

    async def main() -> None:
        value = local.get()
        await local.close()
        await local.close()
        assert value.closed_in == [asyncio.get_running_loop()]

    asyncio.run(main())


def test_closing_all_closes_the_value_of_another_loop_once_that_runs() -> None:
    local = LoopLocal(Value, Value.close)

    async def get() -> Value:
        return local.get()

    with asyncio.Runner() as runner:
        value = runner.run(get())
        asyncio.run(local.close())
        assert value.closed_in == []
        runner.run(asyncio.sleep(0))
        assert value.closed_in == [runner.get_loop()]


def test_closing_all_does_not_disturb_a_loop_that_is_ending() -> None:
    local = LoopLocal(SlowValue, SlowValue.close)
    reported: list[Any] = []

    async def close_at_the_end() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await asyncio.sleep(0.001)  # The value is being closed meanwhile.
            await local.close()

    async def main() -> SlowValue:
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: reported.append(context)
        )
        await anext(generator)
        return local.get()

    generator = close_at_the_end()
    value = asyncio.run(main())
    assert len(value.closed_in) == 1
    assert reported == []


def test_a_loop_that_a_fork_copied_is_neither_used_nor_closed() -> None:
    local = LoopLocal(Value, Value.close)

    async def get() -> Value:
        return local.get()

    def run_child(runner: asyncio.Runner, value: weakref.ref[Value]) -> str:
        with pytest.raises(LifecycleError, match="does not survive a fork"):
            runner.run(get())
        asyncio.run(local.close())
        gc.collect()
        kept = value()
        return "dropped" if kept is None else str(kept.closed_in)

    with asyncio.Runner() as runner:
        value = weakref.ref(runner.run(get()))
        assert in_child(lambda: run_child(runner, value)) == "[]"
        assert runner.run(get()) is value()
