"""Fixtures for the unit tests of the HTTP/1.1 engine."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from tests.transports.http1.waitless import Clock, WaitlessLoop


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock in place of `time.monotonic`."""
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


@pytest.fixture
def loop(clock: Clock) -> Iterator[WaitlessLoop]:
    """An event loop that moves the clock instead of waiting."""
    loop = WaitlessLoop(clock)
    yield loop
    loop.close()
