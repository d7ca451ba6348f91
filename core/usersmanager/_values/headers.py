"""Header fields: their grammar (RFC 9110, section 5), and those that only the client may set.

A value must be printable ASCII, which is stricter than the RFC: HTTP libraries disagree about other
characters, and all transports must send the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from multidict import CIMultiDict, CIMultiDictProxy

from ..errors import ArgumentError
from .plain import plain

__all__ = ["TCHAR", "TOKEN", "HeaderInput", "Headers", "StaticHeaders", "merge_headers"]

HeaderInput: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]]
_Pairs: TypeAlias = tuple[tuple[str, str], ...]

TCHAR = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
TOKEN = TCHAR + "+"
_NAME = re.compile(TOKEN)
_VALUE = re.compile(r"(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?")

# They frame the message, route it, or carry credentials. If callers could set them, they
# could smuggle requests, or send one user's cookie for another.
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


class Headers(CIMultiDictProxy[str]):
    """An immutable, case-insensitive mapping of header fields, in which a name may be repeated.

    Args:
        fields: a mapping or pairs of names and values. They are copied, not checked.
    """

    __slots__ = ("_merged", "_text")

    def __init__(self, fields: HeaderInput = ()) -> None:
        copied: CIMultiDict[str] = CIMultiDict()
        # First: multidict 6.6 and older crash if a traceback shows it before.
        super().__init__(copied)
        self._text: str | None = None
        self._merged: tuple[_Pairs, Headers] | None = None
        try:
            # items() of a multidict keeps repeated fields.
            copied.extend(fields.items() if isinstance(fields, Mapping) else fields)
        except BaseException:
            copied.clear()
            raise
        finally:
            del fields  # A value may be a secret, and a traceback shows local variables.

    def text(self) -> str:
        """Return each field as a line with its CRLF (RFC 9112, section 5)."""
        if self._text is None:
            self._text = "".join([f"{name}: {value}\r\n" for name, value in self.items()])
        return self._text

    def single(self, name: str) -> str | None:
        """Return the value of a field that occurs exactly once, or None."""
        values = self.getall(name, [])
        return values[0].strip() if len(values) == 1 else None

    def merged(self, pairs: _Pairs) -> Headers:
        """Return a copy with these fields, which replace any of the same name."""
        changed = CIMultiDict(self)
        changed.update(pairs)
        return Headers(changed)

    def merged_once(self, pairs: _Pairs) -> Headers:
        """Return a cached `merged`: all requests of a manager start with the same fields."""
        merged = self._merged  # Read once: another thread may replace it, with other fields.
        if merged is None or merged[0] is not pairs:
            merged = self._merged = (pairs, self.merged(pairs))
        return merged[1]

    def __repr__(self) -> str:
        return f"<Headers {', '.join(self)}>"  # A value may be a secret.

    def __copy__(self) -> Headers:
        return self

    def __deepcopy__(self, memo: object) -> Headers:
        return self


class StaticHeaders:
    """Header fields that are the same for many requests: checked once, not for each.

    Don't use it for the values of one user: they are kept as long as this object.

    Args:
        fields: a mapping or pairs of header names and printable ASCII values.

    Raises:
        ArgumentError: a field is malformed, given twice, or one that only the client may set.

    Example::

        tenant = StaticHeaders({"X-Tenant": "7"})
        ...
        return proceed(request.with_headers(tenant))
    """

    __slots__ = ("_pairs",)

    def __init__(self, fields: HeaderInput) -> None:
        pairs = _as_pairs(fields)
        problem = _explain_malformed(pairs)
        if problem is not None:
            del fields, pairs  # A value may be a secret, and a traceback shows local variables.
            raise ArgumentError(problem)
        self._pairs = pairs or ()

    def merge_into(self, base: Headers) -> Headers:
        """Return ``base`` with these fields."""
        return base.merged_once(self._pairs)


def merge_headers(base: Headers, fields: HeaderInput | StaticHeaders) -> Headers | str:
    """Return ``base`` with these fields, which replace any of the same name.

    If a field is malformed, a description is returned and no exception raised: a traceback would
    contain this frame, which holds the values.
    """
    if isinstance(fields, StaticHeaders):
        return fields.merge_into(base)
    pairs = _as_pairs(fields)
    return _explain_malformed(pairs) or base.merged(pairs or ())


def _as_pairs(fields: HeaderInput) -> _Pairs | None:
    try:
        # Read before a variable holds a value: a mapping may raise.
        pairs = tuple(fields.items() if isinstance(fields, Mapping) else fields)
        return tuple((_plain(name), _plain(value)) for name, value in pairs)
    except (TypeError, ValueError):
        return None


def _plain(text: str) -> str:
    return plain(text) if isinstance(text, str) else text  # What is not a str is refused later.


def _explain_malformed(fields: _Pairs | None) -> str | None:
    if fields is None:
        return "header fields must be a mapping of names and values"
    seen: set[str] = set()
    for name, value in fields:
        problem = explain_invalid_header(name, value)
        if problem is None and name.lower() in seen:
            problem = f"the header {name!r} is given twice"
        if problem is not None:
            return problem
        seen.add(name.lower())
    return None


def explain_invalid_header(name: object, value: object) -> str | None:
    """Return why a request must not contain this field, or None. It never quotes the value."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return "a header name is not an HTTP token (RFC 9110, section 5.6.2)"
    lowered = name.lower()
    if lowered in _RESERVED or lowered.startswith("proxy-"):
        return f"the header {name!r} can only be set by the client itself"
    if not isinstance(value, str):
        return f"the value of the header {name!r} must be a str"
    if not _VALUE.fullmatch(value):
        return f"the value of the header {name!r} must be printable ASCII without outer whitespace"
    return None
