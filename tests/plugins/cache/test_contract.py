"""The cache passes the contract of plugins."""

from __future__ import annotations

from usersmanager.testing import PluginContract
from usersmanager_cache import Cache


class TestCache(PluginContract):
    def plugin(self) -> Cache:
        return Cache()


class TestCacheThatRemembersFailures(PluginContract):
    def plugin(self) -> Cache:
        return Cache(stale_if_error=60, negative_max_age=60)
