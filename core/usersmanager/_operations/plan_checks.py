"""Check the arguments of an Operation, and encode them for its request."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

from .._values import forms
from .._values.headers import Headers, StaticHeaders
from .._values.token import Secret
from .._values.url_advice import explain_path
from .._values.user_ids import path_segment
from ..errors import ArgumentError

__all__ = [
    "METHODS",
    "Body",
    "check_name",
    "default_headers",
    "encode_body",
    "encode_query",
    "encode_segments",
    "static_headers",
]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Their requests have a Content-Length even without a body (RFC 9110, section 8.6).
_WITH_BODY = ("POST", "PUT", "PATCH")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class Body(NamedTuple):
    """An encoded body, sealed, with its media type and the secrets in it."""

    content: Secret[bytes | None]
    media_type: str = ""
    secrets: tuple[Secret[str], ...] = ()


def check_name(name: object) -> None:
    """Check the name of an operation.

    Raises:
        ArgumentError: it is anything but `[a-z][a-z0-9_]*`.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ArgumentError("a name must be lowercase letters, digits and '_', such as list_roles")


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
    placeholders = _placeholders(path)
    for name in placeholders - set(values):
        raise ArgumentError(f"the path has a placeholder {{{name}}} without an argument")
    for name in set(values) - placeholders:
        raise ArgumentError(f"the path has no placeholder for the argument {name!r}")
    segments = {}
    for name in placeholders:
        segment = path_segment(values[name])
        if segment is None:
            raise ArgumentError(
                f"the argument {name!r} must be a str that fits one path segment: not blank,"
                " '.' or '..', without control characters, and up to 256 characters long"
            )
        segments[name] = segment
    _check_target(path, segments)
    return segments


def _placeholders(path: object) -> set[str]:
    if path is None:
        return set()
    if not isinstance(path, str) or not path.startswith("/"):
        raise ArgumentError("path must begin with '/': it continues the base URL")
    return set(_PLACEHOLDER.findall(path))


def _check_target(path: str | None, segments: Mapping[str, str]) -> None:
    if path is not None:
        problem = explain_path(_PLACEHOLDER.sub(lambda match: segments[match[1]], path))
        if problem is not None:
            raise ArgumentError(f"path {problem}")


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


def static_headers(fields: object) -> StaticHeaders:
    """Return checked header fields.

    Raises:
        ArgumentError: a field is malformed, given twice, or one that only the client may set.
    """
    return StaticHeaders(fields)  # type: ignore[arg-type] # It checks its argument.


def encode_body(method: str, form: object, json_value: Secret[object]) -> Body:
    """Return the body of a request.

    Args:
        method: the method.
        form: the fields of a form, or None.
        json_value: a JSON value, or None.

    Raises:
        ArgumentError: both are given, either is for GET, or it can't be encoded.
    """
    if form is None and json_value.reveal() is None:
        return Body(Secret(b"" if method in _WITH_BODY else None))
    if form is not None and json_value.reveal() is not None:
        raise ArgumentError("pass form or json, not both")
    if method == "GET":
        raise ArgumentError("a GET request has no body")
    return _encode_json(json_value) if form is None else _encode_form(form)


def _encode_form(form: object) -> Body:
    pairs = forms.parse_fields(form)
    if isinstance(pairs, str):
        raise ArgumentError(f"form {pairs}")
    return Body(Secret(forms.encode_form(pairs)), forms.FORM_TYPE, forms.secrets_of(pairs))


def _encode_json(value: Secret[object]) -> Body:
    secrets: list[Secret[str]] = []

    def reveal(item: object) -> object:
        if not isinstance(item, Secret):
            raise TypeError
        if isinstance(item.reveal(), str):
            secrets.append(item)
        return item.reveal()

    try:
        content: Secret[bytes | None] = Secret(
            json.dumps(value.reveal(), allow_nan=False, ensure_ascii=False, default=reveal).encode()
        )
    except (TypeError, ValueError, RecursionError):
        pass
    else:
        return Body(content, "application/json", tuple(secrets))
    raise ArgumentError("json must be JSON-serializable")


def default_headers(accept: object, media_type: str) -> Headers:
    """Return Accept and Content-Type.

    Raises:
        ArgumentError: `accept` can't be the value of a header field.
    """
    fields = {"Accept": accept, **({"Content-Type": media_type} if media_type else {})}
    return static_headers(fields).merge_into(Headers())
