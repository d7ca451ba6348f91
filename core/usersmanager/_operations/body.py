"""Encode the body of an operation."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from .._values.forms import FORM_TYPE, encode_form, parse_fields, secrets_of
from .._values.token import Secret
from ..errors import ArgumentError

__all__ = ["Body", "encode_body"]

# Their requests have a Content-Length even without a body (RFC 9110, section 8.6).
_WITH_BODY = ("POST", "PUT", "PATCH")


class Body(NamedTuple):
    """An encoded body, sealed, with its media type and the secrets in it."""

    content: Secret[bytes | None]
    media_type: str = ""
    secrets: tuple[Secret[str], ...] = ()


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
    if form is None:
        return _encode_json(json_value)
    pairs = parse_fields(form)
    if isinstance(pairs, str):
        raise ArgumentError(f"form {pairs}")
    return Body(Secret(encode_form(pairs)), FORM_TYPE, secrets_of(pairs))


def _encode_json(value: Secret[object]) -> Body:
    secrets: list[Secret[Any]] = []

    def reveal(item: object) -> object:
        if not isinstance(item, Secret):
            raise TypeError
        secrets.append(item)
        return item.reveal()

    encoder = json.JSONEncoder(allow_nan=False, ensure_ascii=False, default=reveal)
    try:
        content: Secret[bytes | None] = Secret(encoder.encode(value.reveal()).encode())
        texts = tuple(text for secret in secrets for text in _texts_in(secret))
        return Body(content, "application/json", texts)
    except (TypeError, ValueError, RecursionError):
        pass
    raise ArgumentError("json must be JSON-serializable")


def _texts_in(secret: Secret[Any]) -> list[Secret[str]]:
    """Return the texts and numbers in a secret JSON value, as the server may echo them."""
    if isinstance(secret.reveal(), str):
        return [secret]
    if isinstance(secret.reveal(), int | float) and not isinstance(secret.reveal(), bool):
        return [Secret(json.dumps(secret.reveal()))]
    if isinstance(secret.reveal(), dict):
        parts = map(Secret, secret.reveal().values())
    elif isinstance(secret.reveal(), list | tuple):
        parts = map(Secret, secret.reveal())
    else:
        return []  # A Secret in it is encoded on its own.
    return [text for part in parts for text in _texts_in(part)]
