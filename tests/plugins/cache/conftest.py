"""Servers for the tests of a store. Each process of the tests has its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.plugins.cache.servers import Server, running_server

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
