"""Parse a JSON object as strictly as the client parses a profile."""

from __future__ import annotations

from typing import Any

from usersmanager import DecodeError, Response
from usersmanager.operations import read_json
from usersmanager.plugins import Secret

__all__ = ["parse_object"]


def parse_object(text: Secret[bytes]) -> Secret[dict[str, Any]] | None:
    """Return the JSON object in some bytes, or None if it is anything else."""
    try:
        response = Response(200, {"Content-Type": "application/json"}, text.reveal())
        return Secret(read_json(response))
    except DecodeError:
        return None
