"""Cache profiles in the process or in a shared store, for a provider that limits its requests."""

from __future__ import annotations

from .cache import Cache
from .stats import CacheStats

__all__ = ["Cache", "CacheStats"]
