"""The arguments of Cache, its place among the plugins, and what it tells about itself."""

from __future__ import annotations

import dataclasses
import logging
import math
from typing import Any

import pytest
from tests.plugins.cache.calling import JSON
from tests.plugins.cache.clocks import Clocks
from tests.support import TENANT

from usersmanager import (
    ArgumentError,
    DecodeError,
    PluginWarning,
    RateLimitedError,
    Request,
    Response,
    UnauthorizedError,
    UsersManager,
)
from usersmanager.operations import Operation
from usersmanager.plugins import installed_plugins
from usersmanager.testing import FakeTransport
from usersmanager_cache import Cache
from usersmanager_retry import Retry

INVALID: list[Any] = [-1, -0.1, math.inf, math.nan, True, "60", None, [], 10**400]


@pytest.mark.parametrize("value", [*INVALID, 0, 0.0])
def test_an_invalid_maximum_age_is_rejected(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^max_age must be .* more than 0$"):
        Cache(max_age=value)


@pytest.mark.parametrize("value", INVALID)
@pytest.mark.parametrize("name", ["stale_if_error", "negative_max_age"])
def test_another_invalid_lifetime_is_rejected(name: str, value: Any) -> None:
    with pytest.raises(ArgumentError, match=f"^{name} must be .* 0 or more$"):
        Cache(**{name: value})


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "10", None])
def test_an_invalid_number_of_entries_is_rejected(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^max_entries must be"):
        Cache(max_entries=value)


@pytest.mark.parametrize("value", ["", "a b", "a\n", "a\0", 7, None, b"a"])
def test_an_invalid_namespace_is_rejected(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r'^namespace must .*, such as "my-service"$'):
        Cache(namespace=value)


# Its place among the plugins.


def order_of(**settings: Any) -> str:
    with UsersManager(TENANT, transport=FakeTransport(), **settings) as users:
        return repr(users)


def test_it_is_off_unless_it_is_asked_for() -> None:
    (report,) = [report for report in installed_plugins() if report.name == "cache"]
    assert report.status == "off"
    assert "cache" not in order_of()
    assert "logging,opentelemetry,cache,retry" in order_of(plugins=["cache"])
    assert ",cache,retry" in order_of(plugins=["retry", Cache(max_age=5), "logging"])


def test_the_environment_can_block_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERSMANAGER_DISABLE", "cache")
    for plugin in ("cache", Cache()):
        with pytest.warns(PluginWarning, match="cache"):
            assert "cache" not in order_of(plugins=[plugin])


def test_retries_are_inside_it(caller: Any) -> None:
    call = caller()
    outcomes = [Response(503), Response(503)]
    profile = call.provider.profile
    call.provider.profile = lambda request: outcomes.pop() if outcomes else profile(request)
    call(plugins=[Retry(wait=0), call.cache])
    assert (call.requests, call.stats.misses) == (3, 1)


# What it tells about itself.


def test_each_call_counts_once_and_is_logged(
    caller: Any, clocks: Clocks, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "usersmanager")
    call = caller(max_age=60, stale_if_error=10)
    settings = {"plugins": [call.cache, "logging"]}
    call(**settings)
    call(**settings)
    clocks.advance(60)
    call.provider.outcome = Response(429, {"Retry-After": "20"})
    call(**settings)
    clocks.advance(10)
    with pytest.raises(RateLimitedError):
        call(**settings)
    with pytest.raises(RateLimitedError):
        call("bob", **settings)
    notes = [record.__dict__["cache"] for record in caplog.records]
    assert notes == ["miss", "hit", "stale", "refused", "miss"]
    assert dataclasses.asdict(call.stats) == {
        "hits": 1,
        "stale": 1,
        "waits": 0,
        "refused": 1,
        "misses": 2,
        "store_errors": 0,
        "entries": 1,
    }


def test_the_statistics_are_a_snapshot(caller: Any) -> None:
    call = caller()
    before = call.stats
    call()
    assert (before.misses, call.stats.misses) == (0, 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        before.misses = 7


def test_a_call_that_fails_counts_too(caller: Any) -> None:
    call = caller()
    call.provider.outcome = Response(200, JSON, b"{}")
    with pytest.raises(DecodeError):
        call()
    assert call.stats.misses == 1


def test_no_repr_shows_a_token_or_a_claim(caller: Any) -> None:
    call = caller(negative_max_age=30)
    call("secret-token")
    call.provider.outcome = Response(401, JSON, b'{"error": "invalid_token"}')
    with pytest.raises(UnauthorizedError):
        call("other-secret")
    lookup = call.cache._lookup
    parts = [call.cache, lookup, lookup._entries, lookup._failures, call.cache._scopes]
    shown = [repr(part) + repr(vars(part)) for part in parts]
    assert "secret" not in "".join(shown)


class BasicCredentials:
    def authorize(self, request: Request) -> Request:
        return request.with_token("dTpw", scheme="Basic")


def test_an_operation_of_that_name_without_a_bearer_token_passes_it(mode: Any) -> None:
    get_info = Operation(
        "get_info",
        "GET",
        path="/userinfo",
        credential=BasicCredentials(),
        read=lambda response: response.status,
    )
    cache, fake = Cache(), FakeTransport().profile("ada")
    mode.call("call", get_info, base_url=TENANT, transport=fake, plugins=[cache])
    assert (len(fake.requests), cache.stats.misses) == (1, 0)
