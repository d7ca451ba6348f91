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
    """Header fields that many requests get alike: checked and merged once, not for each.

    Args:
        fields: a mapping or pairs, as for `Request.with_headers`, which also checks them.

    Example:
        ```python
        tenant = FixedHeaders({"X-Tenant": "7"})
        ...
        return proceed(request.with_headers(tenant))
        ```
    """

    __slots__ = ("_last", "_pairs")

    def __init__(self, fields: HeaderInput) -> None:
        self._pairs = tuple((name, value) for name, value in _pairs(fields))
        self._last: tuple[Headers, Headers] | None = None

    def over(self, base: Headers) -> Headers | str:
        """As `with_fields`. The requests of one manager bring the same `base` again and again."""
        last = self._last
        if last is not None and last[0] is base:
            return last[1]
        merged = with_fields(base, self._pairs)
        if not isinstance(merged, str):
            self._last = base, merged
        return merged


def with_fields(base: Headers, fields: HeaderInput | FixedHeaders) -> Headers | str:
    """A copy of `base` with these fields set, each in place of any of its name.

    What is wrong with a field, if anything is, is given in place of it, and not raised:
    so no traceback passes through a frame that holds the values.
    """
    if isinstance(fields, FixedHeaders):
        return fields.over(base)
    pairs = tuple(_pairs(fields))
    seen: set[str] = set()
    for name, value in pairs:
        wrong = problem(name, value)
        if wrong is None and name.lower() in seen:
            wrong = f"the header {name!r} is given twice"
        if wrong is not None:
            return wrong
        seen.add(name.lower())
    changed = CIMultiDict(base)
    changed.update(pairs)
    return CIMultiDictProxy(changed)
