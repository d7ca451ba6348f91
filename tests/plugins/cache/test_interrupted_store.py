"""An interruption at any line leaves shared entries usable, and shows nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from tests.plugins.cache.support import (
    KEY,
    OTHER_KEY,
    SECRET,
    LockingStore,
    running,
    shared_entries,
)
from tests.support import Clock

from usersmanager.plugins import Flow
from usersmanager_cache.shared import SharedEntries

CONTENT = b'{"sub": "auth0|ada"}'

# Their arguments are sealed in their only statement.
_ENTRANCES = {"get", "put", "delete", "acquire", "release"}


class Interruption(BaseException):
    """Raised at some line."""


@contextmanager
def interrupted_at(number: int) -> Iterator[None]:
    """Raise at a line of the cache, counted from 0."""
    lines = 0

    def trace(frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        nonlocal lines
        if "usersmanager_cache" not in frame.f_code.co_filename:
            return None
        if event == "line":
            lines += 1
            if lines == number + 1:
                raise Interruption
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def use(shared: SharedEntries) -> Flow[bytes | None]:
    """Access the store in every way."""
    found = yield from shared.get(KEY)
    yield from shared.acquire(OTHER_KEY)
    yield from shared.put(KEY, CONTENT, 60.0)
    yield from shared.release(OTHER_KEY)
    yield from shared.delete(OTHER_KEY)
    return found


@pytest.mark.parametrize(
    ("style", "works"),
    [
        ("sync", True),
        pytest.param("sync", False, marks=pytest.mark.slow),
        pytest.param("async", True, marks=pytest.mark.slow),
        pytest.param("async", False, marks=pytest.mark.slow),
    ],
)
def test_an_interruption_at_any_line_does_no_harm(style: str, works: bool, clock: Clock) -> None:
    number = 0
    with running(style) as run:
        while True:
            store = LockingStore()
            shared = shared_entries(store, [SECRET, SECRET[::-1]])
            # It has failed before, so that the call is the one that tries it.
            store.errors = {"get": OSError(), "add": OSError(), "set": OSError()}
            run(use(shared))
            clock.now += 5.1
            store.errors = {} if works else store.errors
            try:
                with interrupted_at(number):
                    run(use(shared))
            except Interruption as error:
                assert_hidden(error)
            else:
                break
            store.errors = {}
            store.values.clear()  # The lock of the fleet has expired.
            clock.now += 5.1
            run(use(shared))
            clock.now += 5.1
            run(use(shared))
            assert run(use(shared)) == CONTENT
            number += 1
    assert number > 50


def assert_hidden(error: BaseException) -> None:
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if "usersmanager_cache" in code.co_filename and code.co_name not in _ENTRANCES:
            shown = repr(traceback.tb_frame.f_locals)
            for hidden in ("auth0", "0123456789", repr(KEY)[2:-1]):
                assert hidden not in shown
        traceback = traceback.tb_next
