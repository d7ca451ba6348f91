"""Read a Bearer challenge in WWW-Authenticate (RFC 6750, section 3; RFC 9110, section 11.6.1).

Leniently: some providers leave out the scheme, and some use single quotes or none.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .._values.headers import TCHAR, TOKEN, Headers

__all__ = ["parse_bearer_challenge"]

# Possessive, so that a hostile value is read in linear time.
_NEXT = rf"\s*+(?:,|$)|\s++{TOKEN}+\s*+="
_CHALLENGE = re.compile(
    rf"(?:^|,)\s*+(?P<scheme>{TOKEN}+)(?=\s++{TOKEN}+\s*+=)"
    rf"|(?<!{TCHAR})(?P<name>{TOKEN}+)\s*+=\s*+(?:"
    r'"(?P<quoted>(?:[^"\\]|\\.)*+)"'
    rf"|'(?P<single>(?:[^']|'(?!{_NEXT}))*+)(?:'|$)"
    rf'|(?P<plain>[^\s,"]++(?:\s++(?!{TOKEN}+\s*+=)[^\s,"]++)*+))'
)


def parse_bearer_challenge(headers: Headers, redact: Callable[[str], str]) -> dict[str, str]:
    """Return the parameters of the first challenge that has an error.

    Args:
        headers: the headers of a response.
        redact: removes a token from the text of a quoted string. A server that echoes one may not
            have escaped its backslashes, so this must happen before the string is unescaped.
    """
    for value in headers.getall("WWW-Authenticate", []):
        parameters = _parameters(_as_utf8(value), redact)
        if "error" in parameters:
            return parameters
    return {}


def _parameters(value: str, redact: Callable[[str], str]) -> dict[str, str]:
    scheme, parameters = "", dict[str, str]()
    for match in _CHALLENGE.finditer(value):
        if match["scheme"]:
            if "error" in parameters:
                break
            scheme = match["scheme"].lower()
        elif scheme in ("", "bearer"):
            parameters.setdefault(match["name"].lower(), _text(match, redact))
    return parameters


def _as_utf8(value: str) -> str:
    """Return a value in UTF-8 that was decoded as ISO 8859-1, as header fields are."""
    try:
        return value.encode("iso-8859-1").decode()
    except UnicodeError:
        return value


def _text(match: re.Match[str], redact: Callable[[str], str]) -> str:
    if match["quoted"] is not None:
        return re.sub(r"\\(.)", r"\1", redact(match["quoted"]))
    return match["plain"] or match["single"] or ""
