"""Validate and normalize URLs, and encode user ids as path segments (RFC 3986).

A transport only sees the result, so that all transports send the same request target.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urlsplit

from ..errors import ArgumentError

__all__ = [
    "Endpoint",
    "encode_path_segment",
    "is_downgrade",
    "is_loopback",
    "is_proxy_url",
    "parse_base_url",
    "parse_endpoint",
    "parse_http_url",
]

_EXAMPLE = "https://tenant.auth0.com"
_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+")
# Only a value that is certainly a domain is quoted in a message: a JWT contains dots, too.
_BARE_DOMAIN = re.compile(r"((?:(?:[a-z0-9\-]+\.)+[a-z]{2,24}|localhost)(?::[0-9]{1,5})?)(?:/.*)?")
_HOST_NAME = re.compile(r"(?!-)[a-z0-9_\-]+(?:\.[a-z0-9_\-]+)*\.?")
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})+)*")
_QUERY = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*")
_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?=/|$)", re.IGNORECASE)
_PERCENT_ENCODED = re.compile(r"%..")  # Only applied to a valid path.
_FORBIDDEN_IN_USER_ID = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_MAX_USER_ID_LENGTH = 256
_DEFAULT_PORTS = {"https": 443, "http": 80}


class Endpoint(NamedTuple):
    """An origin ("https://host[:port]") and a path, in one spelling."""

    origin: str
    path: str

    def __str__(self) -> str:
        return self.origin + self.path


def is_loopback(host: str) -> bool:
    """Return whether a host is "localhost" or a loopback IP address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parse_base_url(
    value: object, *, allow_insecure: bool = False, field: str = "base_url"
) -> Endpoint:
    """Validate a base URL and return it without a trailing slash.

    Args:
        value: an absolute URL: https, or http for loopback. It must not end in "/userinfo".
        allow_insecure: whether http is allowed for every host.
        field: the name of the argument, for messages.

    Raises:
        ArgumentError: it is missing or anything else.
    """
    if value is None or value == "":
        raise ArgumentError(f"{field} field is required")
    problem = _explain_invalid(value, allow_insecure=allow_insecure)
    if problem is not None:
        raise ArgumentError(f"{field} {problem}")
    origin, path = _normalize(urlsplit(str(value)))
    path = path.rstrip("/")
    if path.endswith("/userinfo"):
        raise ArgumentError(f"{field} must not end in /userinfo: remove it, the client adds it")
    return Endpoint(origin, path)


def parse_endpoint(value: object) -> Endpoint | None:
    """Return an endpoint of a provider configuration, or None if it is not a valid URL.

    It may have a query. Whether it may be http depends on the issuer: see `is_downgrade`.
    """
    if not isinstance(value, str):
        return None
    url, separator, query = value.partition("?")
    if _explain_invalid(url, allow_insecure=True) is not None or not _QUERY.fullmatch(query):
        return None
    origin, path = _normalize(urlsplit(url))
    return Endpoint(origin, (path or "/") + separator + query)


def is_downgrade(issuer: str, endpoint: Endpoint) -> bool:
    """Return whether an endpoint protects a token less than its issuer does.

    An http endpoint is not a downgrade if the issuer is http, and both are loopback.
    """
    if endpoint.origin.startswith("https://"):
        return False
    return not (_is_loopback_http(issuer) and _is_loopback_http(endpoint.origin))


def _is_loopback_http(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and is_loopback(parts.hostname or "")


def _explain_invalid(value: object, *, allow_insecure: bool) -> str | None:
    """Return why a base URL is not valid, or None. The text follows the name of the argument."""
    if not isinstance(value, str) or not _VISIBLE_ASCII.fullmatch(value):
        return (
            f"must be a URL in printable ASCII, such as {_EXAMPLE}"
            " (write an international domain in its xn-- form)"
        )
    if "://" not in value:
        domain = _BARE_DOMAIN.fullmatch(value)
        return f"must be an absolute URL: write {f'https://{domain[1]}' if domain else _EXAMPLE}"
    for char, part in (("@", "user name or password"), ("?", "query string"), ("#", "fragment")):
        if char in value.partition("://")[2]:
            return f"must not contain a {part} ({char!r})"
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not _is_host(host) or port == 0 or parts.netloc.endswith(":"):
        return f"has no valid host and port: write it like {_EXAMPLE}"
    if parts.scheme not in _DEFAULT_PORTS:
        return "must begin with https://"
    if parts.scheme == "http" and not (allow_insecure or is_loopback(host)):
        return (
            "must begin with https://: http would send tokens in the clear"
            " (it is allowed for loopback, or with allow_insecure=True)"
        )
    path = parts.path.rstrip("/")
    if not _PATH.fullmatch(path) or _DOT_SEGMENT.search(path):
        return "must have a path of plain segments"
    return None


def _normalize(parts: SplitResult) -> Endpoint:
    host = parts.hostname or ""
    netloc = f"[{host}]" if ":" in host else host
    if parts.port is not None and parts.port != _DEFAULT_PORTS[parts.scheme]:
        netloc = f"{netloc}:{parts.port}"
    path = _PERCENT_ENCODED.sub(lambda match: match[0].upper(), parts.path)
    return Endpoint(f"{parts.scheme}://{netloc}", path)


def _is_host(host: str) -> bool:
    if ":" not in host:
        return _HOST_NAME.fullmatch(host) is not None
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return "%" not in host


def encode_path_segment(user_id: object) -> str:
    """Return a user id as exactly one path segment, so that it can't reach another path.

    Nothing is normalized: `unquote(segment) == user_id`.

    Raises:
        ArgumentError: it is missing, blank, "." or "..", longer than 256 characters, or contains
            control characters or lone surrogates.
    """
    if user_id is None:
        raise ArgumentError("You must specify a user ID")
    if (
        not isinstance(user_id, str)
        or not user_id.strip()
        or user_id in (".", "..")
        or len(user_id) > _MAX_USER_ID_LENGTH
        or _FORBIDDEN_IN_USER_ID.search(user_id)
    ):
        raise ArgumentError("The user ID is not valid")
    return quote(user_id, safe="")


def parse_http_url(text: str) -> str | None:
    """Return the text if it is an absolute http(s) URL, otherwise None."""
    if not _VISIBLE_ASCII.fullmatch(text):
        return None
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    return text if parts.scheme in _DEFAULT_PORTS and host else None


def is_proxy_url(value: object) -> bool:
    """Return whether a value is the URL of an HTTP proxy. It may contain a user and password."""
    if not isinstance(value, str) or not _VISIBLE_ASCII.fullmatch(value):
        return False
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    return parts.scheme in _DEFAULT_PORTS and port != 0 and _is_host(host)
