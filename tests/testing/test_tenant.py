"""Tenant: tokens, rate limits and links, with a clock that a test moves."""

from __future__ import annotations

import pytest

from usersmanager.testing import Limit
from usersmanager.testing.sandbox.tenant import Tenant, Usage


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_token_is_live_until_it_expires_or_its_user_is_gone(clock: Clock) -> None:
    tenant = Tenant(clock)
    tenant.add_user("ada", {})
    grant = tenant.grant(tenant.issue("ada", "openid", 60))
    assert grant is not None
    assert tenant.is_live(grant)
    clock.now += 60
    assert not tenant.is_live(grant)
    clock.now -= 1
    assert tenant.is_live(grant)
    del tenant.users["ada"]
    assert not tenant.is_live(grant)


def test_a_revoked_token_has_no_grant() -> None:
    tenant = Tenant()
    token = tenant.issue("", "impersonate", 60)
    assert tenant.grant(token) is not None
    for _ in range(2):
        tenant.revoke(token)
        assert tenant.grant(token) is None


def test_a_limit_allows_a_burst_and_then_its_rate_to_each_user(clock: Clock) -> None:
    tenant = Tenant(clock, Limit(per_minute=30, burst=2))
    assert [tenant.use("ada") for _ in range(3)] == [
        Usage(allowed=True, limit=2, remaining=1, reset=1001),
        Usage(allowed=True, limit=2, remaining=0, reset=1003),
        Usage(allowed=False, limit=2, remaining=0, reset=1003),
    ]
    assert tenant.use("grace") == Usage(allowed=True, limit=2, remaining=1, reset=1001)
    clock.now += 2
    usages = [tenant.use("ada") for _ in range(2)]
    assert [usage.allowed for usage in usages if usage] == [True, False]
    clock.now += 3600
    usages = [tenant.use("ada") for _ in range(3)]
    assert [usage.allowed for usage in usages if usage] == [True, True, False]


def test_without_a_limit_there_is_no_usage() -> None:
    assert Tenant().use("ada") is None


def test_a_link_can_be_opened_once() -> None:
    tenant = Tenant()
    ticket = tenant.make_link("ada", "boss")
    assert tenant.open_link(ticket) == ("ada", "boss")
    assert tenant.open_link(ticket) is None
