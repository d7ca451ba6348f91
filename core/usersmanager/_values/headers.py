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
    "Fields",
    "StaticHeaders",
    "HeaderInput",
    "Headers",
    "freeze",
    "problem",
    "with_fields",
]

Headers: TypeAlias = CIMultiDictProxy[str]
HeaderInput: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]]
_Pairs: TypeAlias = tuple[tuple[str, str], ...]

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


class Fields:
    """The header fields of a request: to read as a mapping, and to send as text, made once.

    Attributes:
        mapping: names and values.
    """

    __slots__ = ("__weakref__", "_fixed", "_text", "mapping")

    def __init__(self, fields: HeaderInput) -> None:
        # A copy, always: a proxy may be a view of what somebody still changes.
        self.mapping: Headers = CIMultiDictProxy(CIMultiDict(_pairs(fields)))
        self._text: str | None = None
        self._fixed: tuple[_Pairs, Fields] | None = None

    def text(self) -> str:
        """Each field as a line with its CRLF (RFC 9112, section 5)."""
        if self._text is None:
            self._text = "".join([f"{name}: {value}\r\n" for name, value in self.mapping.items()])
        return self._text

    def merged(self, pairs: _Pairs) -> Fields:
        """A copy with these fields set, each in place of any of its name."""
        changed = CIMultiDict(self.mapping)
        changed.update(pairs)
        return Fields(changed)

    def with_fixed(self, pairs: _Pairs) -> Fields:
        """The same, made once: a manager's requests begin with the same fields."""
        fixed = self._fixed
        if fixed is None or fixed[0] is not pairs:
            fixed = self._fixed = (pairs, self.merged(pairs))
        return fixed[1]


class StaticHeaders:
    """Header fields that many requests get alike: checked once, not for each.

    Not for values of one user: they are kept as long as these are.

    Args:
        fields: a mapping or pairs, as for `Request.with_headers`. What is wrong with them is
            said there.

    Example:
        ```python
        tenant = StaticHeaders({"X-Tenant": "7"})
        ...
        return proceed(request.with_headers(tenant))
        ```
    """

    __slots__ = ("_pairs", "_problem")

    def __init__(self, fields: HeaderInput) -> None:
        pairs = _as_pairs(fields)
        self._problem = _problem_of(pairs)
        self._pairs = pairs or ()

    def over(self, base: Fields) -> Fields | str:
        """A copy of `base` with these fields set; or what is wrong with them."""
        return self._problem or base.with_fixed(self._pairs)


def with_fields(base: Fields, fields: HeaderInput | StaticHeaders) -> Fields | str:
    """A copy of `base` with these fields set, each in place of any of its name.

    What is wrong with a field, if anything is, is given in place of it, and not raised:
    so no traceback passes through a frame that holds the values.
    """
    if isinstance(fields, StaticHeaders):
        return fields.over(base)
    pairs = _as_pairs(fields)
    return _problem_of(pairs) or base.merged(pairs or ())


def _as_pairs(fields: HeaderInput) -> _Pairs | None:
    try:
        return tuple((_plain(name), _plain(value)) for name, value in _pairs(fields))
    except (TypeError, ValueError):
        return None


def _plain(text: str) -> str:
    """What is checked is what is sent: a subclass of str may have a format of its own."""
    return str.__str__(text) if isinstance(text, str) else text


def _problem_of(fields: _Pairs | None) -> str | None:
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
