"""Fixtures for the tests of the cache: a provider, callers, clocks, and servers of a store.

Each process of the tests has its own servers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.plugins.cache.calling import Caller, Provider
from tests.plugins.cache.clocks import Clocks, simulated_clocks
from tests.plugins.cache.servers import Server, running_server
from tests.plugins.cache.support import LockingStore, Run, running, simulated_clock
from tests.support import Clock

from usersmanager_cache import Cache

_VALKEY = pytest.param("valkey", marks=pytest.mark.slow)


@pytest.fixture(scope="session", params=["redis", _VALKEY])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with running_server(request.param) as server:
        yield server


@pytest.fixture(params=["from_url", "redis", _VALKEY])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["sync", "async"])
def style(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def run(style: str) -> Iterator[Run]:
    with running(style) as run:
        yield run


@pytest.fixture
def clock() -> Iterator[Clock]:
    """The clock by which a store is left alone."""
    with simulated_clock() as clock:
        yield clock


@pytest.fixture
def store() -> LockingStore:
    return LockingStore()


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def clocks() -> Iterator[Clocks]:
    with simulated_clocks() as clocks:
        yield clocks


@pytest.fixture
def caller(mode: Any, provider: Provider, clocks: Clocks) -> Callable[..., Caller]:
    """Return a function that makes a Caller, from the settings of its cache."""
    return lambda **settings: Caller(mode, provider, Cache(**settings))
