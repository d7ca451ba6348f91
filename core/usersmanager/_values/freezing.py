"""Make a JSON document immutable."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["freeze"]


def freeze(value: Any) -> Any:
    """Return a copy of a JSON value that can't be changed: its arrays are tuples."""
    if isinstance(value, Mapping):
        return MappingProxyType({name: freeze(item) for name, item in value.items()})
    return tuple(map(freeze, value)) if isinstance(value, list) else value
