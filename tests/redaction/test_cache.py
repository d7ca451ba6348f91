"""With a cache, too, no error, log record or repr shows a token, whatever a server sends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.plugins.cache.support import SECRET, LockingStore
from tests.redaction.assertions import assert_hidden
from tests.redaction.capture import TRANSPORTS, CapturingClient
from tests.redaction.scenarios import (
    ECHOES,
    FAULTS,
    INVALID_PROFILES,
    answering,
    errors_of,
    errors_of_fault,
)
from tests.redaction.secrets import Secrets

from usersmanager_cache import Cache

pytestmark = pytest.mark.slow

Client = Callable[[], CapturingClient]

STORES: dict[str, Any] = {"memory": None, "store": LockingStore}


@pytest.fixture(params=STORES)
def cache(request: pytest.FixtureRequest) -> Callable[[], Cache]:
    """Return a new cache."""

    def cache() -> Cache:
        store = STORES[request.param]
        shared = {} if store is None else {"store": store(), "secret": SECRET}
        return Cache(stale_if_error=60, negative_max_age=60, **shared)

    return cache


@pytest.fixture(params=TRANSPORTS)
def client(request: pytest.FixtureRequest, cache: Callable[[], Cache]) -> Client:
    """Return a new client with a new cache, which is among the objects that it captures."""

    def client() -> CapturingClient:
        plugin = cache()
        client = CapturingClient(request.param, plugins=[plugin])
        client.objects += [plugin, vars(plugin), plugin.stats, vars(plugin._lookup)]
        return client

    return client


# Each test has many rows: as tests, they would be a tenth of all that every run has to collect.
def test_a_fault_shows_no_secret(client: Client, secrets: Secrets) -> None:
    for name, fault in FAULTS.items():
        caller = client()
        errors = errors_of_fault(secrets, caller, fault)
        assert_hidden(secrets, caller, errors, name)


@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_an_error_that_echoes_the_token_shows_no_secret_when_it_is_remembered(
    status: int, client: Client, secrets: Secrets
) -> None:
    head = 'Retry-After: 20\nWWW-Authenticate: Bearer error="invalid_token"\n'
    for name, echo in ECHOES.items():
        caller = client()
        behavior = answering(f"{status} TOKEN", head + echo.replace("Retry-After: TOKEN\n", ""))
        errors = errors_of(secrets, caller, behavior, *["get_info"] * 3)
        assert_hidden(secrets, caller, errors, name)


def test_an_invalid_profile_shows_no_secret(client: Client, secrets: Secrets) -> None:
    for name, profile in INVALID_PROFILES.items():
        caller = client()
        errors = errors_of(secrets, caller, answering("200 TOKEN", profile), "get_info")
        assert_hidden(secrets, caller, errors, name)
