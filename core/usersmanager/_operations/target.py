"""Check and encode where an operation is sent: its path, the arguments in it, and its query."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .._values import forms
from .._values.suggestions import did_you_mean
from .._values.url_advice import explain_path
from .._values.user_ids import encode_path_segment
from ..errors import ArgumentError

__all__ = ["encode_query", "encode_segments"]

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def encode_segments(path: str | None, arguments: object) -> dict[str, str]:
    """Return the arguments as path segments.

    Args:
        path: a path with a placeholder for each of them, such as "/users/{user_id}/roles".
        arguments: the values by the name of their placeholder, or None.

    Raises:
        ArgumentError: the path is not a path, does not match the arguments, or an argument would
            leave its path segment.
    """
    values = {} if arguments is None else arguments
    if not isinstance(values, Mapping):
        raise ArgumentError("arguments must be a mapping of names and values")
    if path is not None and not (isinstance(path, str) and path.startswith("/")):
        raise ArgumentError("path must begin with '/': it continues the base URL")
    if "{" in _PLACEHOLDER.sub("", path or ""):
        raise ArgumentError(
            "path has a malformed placeholder: write lower-case letters, digits and '_', as in"
            " {user_id}"
        )
    placeholders = _PLACEHOLDER.findall(path or "")
    for name in values:
        if name not in placeholders:
            suggestion = did_you_mean(name, placeholders)
            raise ArgumentError(f"the path has no placeholder for an argument{suggestion}")
    segments = {name: _segment(name, values) for name in placeholders}
    problem = explain_path(_PLACEHOLDER.sub(lambda match: segments[match[1]], path or "/"))
    if problem is not None:
        raise ArgumentError(f"path {problem}")
    return segments


def _segment(name: str, values: Mapping[str, object]) -> str:
    if name not in values:
        raise ArgumentError(f"the path has a placeholder {{{name}}} without an argument")
    segment = encode_path_segment(values[name])
    if segment is None:
        raise ArgumentError(
            f"the argument {name!r} must be a str that fits one path segment: not blank, '.' or"
            " '..', without control characters, and up to 256 characters long"
        )
    return segment


def encode_query(fields: object) -> str:
    """Return the fields of a query, encoded.

    Raises:
        ArgumentError: a field is malformed, or a Secret: URLs appear in logs.
    """
    pairs = forms.parse_fields({} if fields is None else fields)
    if isinstance(pairs, str):
        raise ArgumentError(f"query {pairs}")
    if forms.secrets_of(pairs):
        raise ArgumentError("query must not contain a Secret, because URLs are logged: use a form")
    return forms.encode_query(pairs)
