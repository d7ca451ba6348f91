"""What a signal handler raises while the store is used ends the call, and is no failure of it."""

from __future__ import annotations

import functools
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.plugins.cache.support import KEY, DictStore, Errors, running, shared_entries

from usersmanager_cache.interruption import is_interruption

pytestmark = pytest.mark.skipif(
    threading.current_thread() is not threading.main_thread(),
    reason="Python runs signal handlers in the main thread alone",
)


class SoftTimeLimit(Exception):  # noqa: N818 - job runners name theirs like this.
    """What a job runner raises."""


def handle(number: int, frame: object) -> None:
    fail()


def fail() -> None:
    raise SoftTimeLimit("secret")


class Runner:
    def handle(self, number: int, frame: object) -> None:
        fail()

    def __call__(self, number: int, frame: object) -> None:
        fail()


def handle_once(number: int, frame: object) -> None:
    signal.signal(number, signal.SIG_IGN)
    fail()


HANDLERS: dict[str, Callable[..., Any]] = {
    "a function": handle,
    "a method": Runner().handle,
    "an object": Runner(),
    "a partial": functools.partial(functools.partial(Runner().handle)),
}


class InterruptedStore(DictStore):
    """A store during each use of which a signal arrives."""

    def _note(self, method: str) -> None:
        os.kill(os.getpid(), signal.SIGUSR1)
        super()._note(method)


@pytest.fixture(params=HANDLERS)
def handler(request: pytest.FixtureRequest) -> Iterator[None]:
    before = signal.signal(signal.SIGUSR1, HANDLERS[request.param])
    yield
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.usefixtures("handler")
def test_it_passes_through_without_the_frames_of_the_store(style: str) -> None:
    errors = Errors()
    shared = shared_entries(InterruptedStore(), on_error=errors)
    with running(style) as run:
        for flow in (shared.get(KEY), shared.put(KEY, b"x", 1), shared.delete(KEY)):
            with pytest.raises(SoftTimeLimit) as caught:
                run(flow)
            files = [str(entry.path) for entry in caught.traceback]
            assert "handle" not in [entry.name for entry in caught.traceback]
            assert any(file.endswith("access.py") for file in files)
    assert errors.count == 0


def test_it_passes_through_although_the_handler_has_removed_itself(style: str) -> None:
    errors = Errors()
    before = signal.signal(signal.SIGUSR1, handle_once)
    try:
        with running(style) as run, pytest.raises(SoftTimeLimit):
            run(shared_entries(InterruptedStore(), on_error=errors).get(KEY))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert errors.count == 0


@pytest.mark.usefixtures("handler")
def test_the_same_class_raised_by_the_store_is_a_failure(style: str) -> None:
    errors, store = Errors(), DictStore()
    store.errors["get"] = SoftTimeLimit()
    with running(style) as run:
        assert run(shared_entries(store, on_error=errors).get(KEY)) is None
    assert errors.count == 1


def test_an_exception_that_was_never_raised_is_no_interruption() -> None:
    assert not is_interruption(SoftTimeLimit())
