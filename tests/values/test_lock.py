"""Lock: held by one thread at a time, and by nobody after an interruption."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from tests.support import held_by_a_thread, in_child

from usersmanager.plugins import Lock


class Interruption(BaseException):
    """What a signal handler raises."""


@contextmanager
def interrupted(moment: str) -> Iterator[None]:
    """Raise before ("c_call") or after ("c_return") the acquisition."""

    def raise_then(frame: FrameType, event: str, function: Any) -> None:
        if event == moment and function.__name__ == "acquire":
            raise Interruption

    before = sys.getprofile()
    sys.setprofile(raise_then)
    try:
        yield
    finally:
        sys.setprofile(before)


def is_free(lock: Lock) -> bool:
    """Whether another thread could acquire it."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lock.acquire, blocking=False).result()


def test_one_thread_holds_it_even_several_times() -> None:
    lock = Lock()
    with lock:
        with lock:
            assert not is_free(lock)
        assert not is_free(lock)
    assert is_free(lock)


@pytest.mark.parametrize("moment", ["c_call", "c_return"])
def test_an_interruption_of_the_acquisition_does_not_leave_it_held(moment: str) -> None:
    lock = Lock()
    with pytest.raises(Interruption), interrupted(moment), lock:
        pytest.fail("the body has run")
    assert is_free(lock)


def test_an_exception_in_the_body_releases_it() -> None:
    lock = Lock()
    with pytest.raises(Interruption), lock:
        raise Interruption
    assert is_free(lock)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_finds_it_free_whoever_held_it() -> None:
    lock = Lock()
    with held_by_a_thread(lock):
        assert in_child(lambda: str(lock.acquire(blocking=False))) == "True"
        assert not lock.acquire(blocking=False)
