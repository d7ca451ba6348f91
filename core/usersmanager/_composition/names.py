"""Compare names of plugins, transports and distributions like package names."""

from __future__ import annotations

import os
import re
from functools import lru_cache

__all__ = ["allowed_names", "disabled_names", "normalize"]

_SEPARATORS = re.compile(r"[-_.]+")
# A name that is not recognized would keep a plugin on that must be off.
_BETWEEN_NAMES = re.compile(r"[,;\s]+")


@lru_cache(maxsize=256)
def normalize(name: str) -> str:
    """Normalize a name for comparison: `ACME_Tint` and `acme-tint` are the same (PEP 503)."""
    return _SEPARATORS.sub("-", name).lower()


def disabled_names() -> frozenset[str]:
    """Return the normalized names in the environment variable USERSMANAGER_DISABLE."""
    return _names_in("USERSMANAGER_DISABLE")


def allowed_names() -> frozenset[str] | None:
    """Return the normalized names in USERSMANAGER_PLUGINS, or None if it is unset or empty."""
    return _names_in("USERSMANAGER_PLUGINS") or None


def _names_in(variable: str) -> frozenset[str]:
    names = _BETWEEN_NAMES.split(os.environ.get(variable, ""))
    return frozenset(normalize(name) for name in names if name)
