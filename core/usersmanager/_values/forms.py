"""Forms: the fields of a body, as application/x-www-form-urlencoded, or of a query.

A field may occur several times, and a value may be a Secret. No function raises an error: a
traceback would contain its frame, which holds the values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import quote, quote_plus

from .plain import plain
from .token import Secret

__all__ = [
    "FORM_TYPE",
    "Fields",
    "FormInput",
    "Pairs",
    "encode_form",
    "encode_form_value",
    "encode_query",
    "merge_form",
    "parse_fields",
    "secrets_of",
]

FORM_TYPE = "application/x-www-form-urlencoded"

Fields: TypeAlias = Mapping[str, str | Sequence[str] | None]
FormInput: TypeAlias = Mapping[str, str | Secret[str] | Sequence[str | Secret[str]] | None]
Pairs: TypeAlias = tuple[tuple[str, str | Secret[str]], ...]

_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_fields(fields: object) -> Pairs | str:
    """Return the name and value of each field, or what is wrong with them."""
    if not isinstance(fields, Mapping):
        return "must be a mapping of names and values"
    pairs: list[tuple[str, str | Secret[str]]] = []
    # Read before a variable holds a value: a mapping may raise, and a traceback shows variables.
    for name, value in tuple(fields.items()):
        if not name or not _is_text(name):
            return "has a name that is not a non-empty str"
        for item in _items(value):
            if not _is_text(item.reveal() if isinstance(item, Secret) else item):
                return f"has a value of {name!r} that is not a str"
            pairs.append((plain(name), item))
    return tuple(pairs)


def _items(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else (value,)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and _SURROGATE.search(value) is None


def _reveal(value: str | Secret[str]) -> str:
    return plain(value.reveal() if isinstance(value, Secret) else value)


def secrets_of(pairs: Pairs) -> tuple[Secret[str], ...]:
    """Return the values that are secrets."""
    return tuple(value for _, value in pairs if isinstance(value, Secret))


def encode_form(pairs: Pairs) -> bytes:
    """Return fields as the body of a form (WHATWG URL Standard, section 5.2)."""
    return "&".join(
        f"{encode_form_value(name)}={encode_form_value(_reveal(value))}" for name, value in pairs
    ).encode()


def encode_form_value(text: str) -> str:
    """Return a name or a value as it is written in a form."""
    return quote_plus(text, safe="*").replace("~", "%7E")


def encode_query(pairs: Pairs) -> str:
    """Return fields as a query, with %20 for a space, as every server understands it."""
    return "&".join(
        f"{quote(name, safe='')}={quote(_reveal(value), safe='')}" for name, value in pairs
    )


def merge_form(body: bytes, pairs: Pairs) -> bytes:
    """Return a form with these fields, which replace any of the same name."""
    names = {encode_form_value(name).encode() for name, _ in pairs}
    kept = [field for field in body.split(b"&") if field and field.partition(b"=")[0] not in names]
    return b"&".join([*kept, *([encode_form(pairs)] if pairs else [])])
