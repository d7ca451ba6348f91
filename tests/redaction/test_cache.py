"""With a cache, too, no error, log record or repr shows a token, whatever a server sends."""

from __future__ import annotations

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

STORES: dict[str, Any] = {"memory": None, "store": LockingStore}


@pytest.fixture(params=STORES)
def cache(request: pytest.FixtureRequest) -> Cache:
    store = STORES[request.param]
    shared = {} if store is None else {"store": store(), "secret": SECRET}
    return Cache(stale_if_error=60, negative_max_age=60, **shared)


@pytest.fixture(params=TRANSPORTS)
def client(request: pytest.FixtureRequest, cache: Cache) -> CapturingClient:
    return CapturingClient(request.param, plugins=[cache])


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_shows_no_secret(
    name: str, client: CapturingClient, cache: Cache, secrets: Secrets
) -> None:
    client.objects += [cache, vars(cache), cache.stats, vars(cache._lookup)]
    errors = errors_of_fault(secrets, client, FAULTS[name])
    assert_hidden(secrets, client, errors)


@pytest.mark.parametrize("status", [401, 403, 429, 503])
@pytest.mark.parametrize("name", ECHOES)
def test_an_error_that_echoes_the_token_shows_no_secret_when_it_is_remembered(
    status: int, name: str, client: CapturingClient, cache: Cache, secrets: Secrets
) -> None:
    head = 'Retry-After: 20\nWWW-Authenticate: Bearer error="invalid_token"\n'
    behavior = answering(f"{status} TOKEN", head + ECHOES[name].replace("Retry-After: TOKEN\n", ""))
    errors = errors_of(secrets, client, behavior, *["get_info"] * 3)
    client.objects += [cache, vars(cache), cache.stats, vars(cache._lookup)]
    assert_hidden(secrets, client, errors)


@pytest.mark.parametrize("name", INVALID_PROFILES)
def test_an_invalid_profile_shows_no_secret(
    name: str, client: CapturingClient, secrets: Secrets
) -> None:
    behavior = answering("200 TOKEN", INVALID_PROFILES[name])
    errors = errors_of(secrets, client, behavior, "get_info")
    assert_hidden(secrets, client, errors)
