"""Explain what is wrong with a URL, and what to write instead.

Each function returns None for a valid URL. Otherwise it returns a text that follows the name of the
argument or field. No text quotes a user name, a password, a query, or the path of an endpoint.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from .hosts import is_host, is_loopback, split_url

__all__ = ["explain_base_url", "explain_ending", "explain_endpoint", "explain_path"]

_EXAMPLE = "https://tenant.auth0.com"
_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+")
_QUOTES = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb"
_LINE_BREAK = re.compile(r"[\r\n\u2028\u2029]")
_PLACEHOLDER = re.compile(r"[{}<>]")
_TWO_SCHEMES = re.compile(r"https?://https?:?/", re.IGNORECASE)
# Only a value that is certainly a domain is quoted in a message: a JWT contains dots, too.
_BARE_DOMAIN = re.compile(r"((?:(?:[a-z0-9\-]+\.)+[a-z]{2,24}|localhost)(?::[0-9]{1,5})?)(?:/.*)?")
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})+)*")
_ENDPOINT_PATH = re.compile(r"(?:/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*)*")
_QUERY = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*")
_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?=/|$)", re.IGNORECASE)
_WELL_KNOWN = re.compile(
    r"/\.well-known(?:/openid-configuration|/oauth-authorization-server)?", re.IGNORECASE
)
_USERINFO = re.compile(r"/userinfo\Z", re.IGNORECASE)
_SCHEMES = ("https", "http")
_USER = "must not contain a user name or password ('@')"
_EMPTY_SEGMENT = "has an empty path segment ('//'): write a single slash"
_FRAGMENT = "must not contain a fragment ('#')"


def explain_base_url(value: object, *, allow_insecure: bool) -> str | None:
    """Explain what is wrong with a base URL or an issuer, except for its ending.

    Args:
        value: the URL.
        allow_insecure: whether it may be http for every host.
    """
    if not isinstance(value, str):
        return f"must be a str, such as {_EXAMPLE!r}"
    return (
        _explain_characters(value)
        or _explain_start(value)
        or _explain_parts(value)
        or _explain_origin(value)
        or (None if allow_insecure else _explain_insecure(value))
        or _explain_path(urlsplit(value).path.rstrip("/"))
    )


def explain_endpoint(value: object) -> str | None:
    """Explain what is wrong with the URL of an endpoint, which may be http and have a query."""
    if not isinstance(value, str):
        return "must be a string"
    if "://" not in value:
        return "must be an absolute URL that begins with https://"
    return (
        _explain_characters(value)
        or _explain_endpoint_parts(value)
        or _explain_origin(value)
        or _explain_endpoint_path(value)
    )


def explain_path(path: str) -> str | None:
    """Explain what is wrong with the path of an operation, which begins with a slash."""
    if "?" in path or "#" in path:
        return "must not contain a query or a fragment ('?', '#')"
    if "//" in path:
        return _EMPTY_SEGMENT
    return _explain_segments(path, _ENDPOINT_PATH)


def explain_ending(path: str, field: str) -> str | None:
    """Explain that a base URL or an issuer ends in a path that the client adds itself.

    Args:
        path: its path, without a slash at the end.
        field: "base_url" or "issuer".
    """
    is_issuer = field == "issuer"
    discovery = _WELL_KNOWN.search(path)
    if discovery is not None:
        advice = "the client adds it" if is_issuer else "or pass the issuer to from_issuer"
        return f"must not contain {discovery[0]}: remove it, {advice}"
    userinfo = _USERINFO.search(path)
    if userinfo is None:
        return None
    if is_issuer:
        advice = "pass the issuer, whose configuration names the endpoint"
    elif userinfo[0] == "/userinfo":
        advice = "remove it, the client adds it"
    else:
        advice = 'pass the whole URL as endpoints={"userinfo_endpoint": ...}'
    return f"must not end in {userinfo[0]}: {advice}"


def _explain_characters(value: str) -> str | None:
    if value[:1] in _QUOTES or value[-1:] in _QUOTES:
        return "is in quotes: remove them"
    if _LINE_BREAK.search(value):
        return "contains a line break: remove it, such as with strip()"
    if any(character.isspace() for character in value):
        return "contains whitespace: remove it"
    if not value.isprintable():
        return "contains an invisible character: type it again"
    if _PLACEHOLDER.search(value):
        return "contains a placeholder: replace it, such as {tenantid} with the ID of your tenant"
    if not _VISIBLE_ASCII.fullmatch(value):
        return (
            f"must be a URL in printable ASCII, such as {_EXAMPLE}"
            " (write an international domain in its xn-- form)"
        )
    if _TWO_SCHEMES.match(value):
        return "begins with https:// twice: write it once"
    return None


def _explain_start(value: str) -> str | None:
    if "://" in value:
        return None
    domain = _BARE_DOMAIN.fullmatch(value)
    return f"must be an absolute URL: write {f'https://{domain[1]}' if domain else _EXAMPLE}"


def _explain_parts(value: str) -> str | None:
    rest = value.partition("://")[2]
    if "@" in rest:
        return _USER
    if "?" in rest:
        return "must not contain a query string ('?')"
    return _FRAGMENT if "#" in rest else None


def _explain_endpoint_parts(value: str) -> str | None:
    rest = value.partition("://")[2]
    if "@" in re.split("[/?#]", rest, maxsplit=1)[0]:
        return _USER
    return _FRAGMENT if "#" in rest else None


def _explain_origin(value: str) -> str | None:
    parts = split_url(value)
    if parts is None or not _has_host_and_port(parts):
        return f"has no valid host and port: write it like {_EXAMPLE}"
    return None if parts.scheme in _SCHEMES else "must begin with https://"


def _has_host_and_port(parts: SplitResult) -> bool:
    return is_host(parts.hostname or "") and parts.port != 0 and not parts.netloc.endswith(":")


def _explain_insecure(value: str) -> str | None:
    parts = urlsplit(value)
    if parts.scheme == "https" or is_loopback(parts.hostname or ""):
        return None
    return (
        "must begin with https://: http would send tokens in the clear"
        " (it is allowed for loopback, or with allow_insecure=True)"
    )


def _explain_path(path: str) -> str | None:
    if "//" in path:
        return _EMPTY_SEGMENT
    return _explain_segments(path, _PATH)


def _explain_endpoint_path(value: str) -> str | None:
    url, _, query = value.partition("?")
    if not _QUERY.fullmatch(query):
        return "has a query with characters that must be percent-encoded"
    return _explain_segments(urlsplit(url).path, _ENDPOINT_PATH)


def _explain_segments(path: str, pattern: re.Pattern[str]) -> str | None:
    if _DOT_SEGMENT.search(path):
        return "must not contain '.' or '..' as a path segment"
    if not pattern.fullmatch(path):
        return "contains characters that must be percent-encoded"
    return None
