"""Header fields: their grammar, and which of them only the client itself may set.

Grammar: RFC 9110, section 5. Values are held to printable ASCII, which is stricter:
what one HTTP library sends, another refuses, and both must send the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from multidict import CIMultiDict, CIMultiDictProxy

__all__ = [
    "TCHAR",
    "TOKEN",
    "FixedHeaders",
    "HeaderInput",
    "Headers",
    "freeze",
    "problem",
    "with_fields",
]

Headers: TypeAlias = CIMultiDictProxy[str]
HeaderInput: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]]

TCHAR = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
TOKEN = TCHAR + "+"
_NAME = re.compile(TOKEN)
_VALUE = re.compile(r"(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?")

# They frame the message, route it, or carry credentials. Setting them from outside
# is how requests are smuggled and how one user's cookie reaches another.
_RESERVED = frozenset(
    {
        "accept-encoding",
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "cookie",
        "cookie2",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def problem(name: object, value: object) -> str | None:
    """Why a request may not carry this field, or None. Quotes no value."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return "a header name is not an HTTP token (RFC 9110, section 5.6.2)"
    lowered = name.lower()
    if lowered in _RESERVED or lowered.startswith("proxy-"):
        return f"the header {name!r} is set by the client alone"
    if not isinstance(value, str) or not _VALUE.fullmatch(value):
        return f"the value of the header {name!r} is not printable ASCII without outer blanks"
    return None


def _pairs(fields: HeaderInput) -> Iterable[tuple[str, str]]:
    # items() of a multidict keeps repeated fields.
    return fields.items() if isinstance(fields, Mapping) else fields


def freeze(fields: HeaderInput) -> Headers:
    """Any mapping or pairs as one case-insensitive, immutable, repeatable mapping."""
    if isinstance(fields, CIMultiDictProxy):
        return fields
    return CIMultiDictProxy(CIMultiDict(_pairs(fields)))


class FixedHeaders:
    """Header fields that many requests get alike: checked once, not for each.

    Args:
        fields: a mapping or pairs, as for `Request.with_headers`. What is wrong with them is
            said there.

    Example:
        ```python
        tenant = FixedHeaders({"X-Tenant": "7"})
        ...
        return proceed(request.with_headers(tenant))
        ```
    """

    __slots__ = ("_fields", "_problem")

    def __init__(self, fields: HeaderInput) -> None:
        self._fields = _as_pairs(fields)
        self._problem = _problem_of(self._fields)

    def over(self, base: Headers) -> Headers | str:
        """A copy of `base` with these fields set, each in place of any of its name.

        What is wrong with a field, if anything is, is given in place of it, and not raised:
        so no traceback passes through a frame that holds the values.
        """
        if self._problem is not None:
            return self._problem
        changed = CIMultiDict(base)
        changed.update(self._fields or ())
        return CIMultiDictProxy(changed)


def with_fields(base: Headers, fields: HeaderInput | FixedHeaders) -> Headers | str:
    """As `FixedHeaders.over`, for fields that may be other ones each time."""
    return (fields if isinstance(fields, FixedHeaders) else FixedHeaders(fields)).over(base)


def _as_pairs(fields: HeaderInput) -> tuple[tuple[str, str], ...] | None:
    try:
        return tuple((name, value) for name, value in _pairs(fields))
    except (TypeError, ValueError):
        return None


def _problem_of(fields: tuple[tuple[str, str], ...] | None) -> str | None:
    if fields is None:
        return "header fields must be a mapping of names and values"
    seen: set[str] = set()
    for name, value in fields:
        wrong = problem(name, value)
        if wrong is None and name.lower() in seen:
            wrong = f"the header {name!r} is given twice"
        if wrong is not None:
            return wrong
        seen.add(name.lower())
    return None
