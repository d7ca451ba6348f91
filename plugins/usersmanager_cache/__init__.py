"""Cache profiles, in this process or in a store that processes share."""

from __future__ import annotations

from .cache import Cache
from .redis_store import RedisStore
from .stats import CacheStats
from .stores import AsyncStore, Store

__all__ = ["AsyncStore", "Cache", "CacheStats", "RedisStore", "Store"]
