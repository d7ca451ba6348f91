"""Parse a JSON object strictly: without repeated names, NaN and endless nesting."""

from __future__ import annotations

import json
from typing import Any

from usersmanager.plugins import Secret

__all__ = ["parse_object"]


def parse_object(text: Secret[bytes]) -> Secret[dict[str, Any]] | None:
    """Return the JSON object in some bytes, or None if it is anything else."""
    try:
        value = Secret(
            json.loads(text.reveal().decode(), object_pairs_hook=_object, parse_constant=_refuse)
        )
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value.reveal(), dict) else None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError
    return value


def _refuse(constant: str) -> object:
    raise ValueError
