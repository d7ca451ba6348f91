"""Parse base URLs and endpoints into origin and path, and recognize links and proxies.

A transport only sees the result, so that all transports send the same request target.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from ..errors import ArgumentError
from .hosts import is_host, is_loopback, split_url
from .plain import plain
from .url_advice import explain_base_url, explain_ending, explain_endpoint

__all__ = [
    "Endpoint",
    "explain_proxy_url",
    "is_downgrade",
    "parse_base_url",
    "parse_endpoint",
    "parse_http_url",
]

_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+")
_SOCKS = re.compile(r"socks[45]?[ah]?://", re.IGNORECASE)
_DEFAULT_PORTS = {"https": 443, "http": 80}


class Endpoint(NamedTuple):
    """An origin ("https://host[:port]", in lower case) and a path, exactly as given."""

    origin: str
    path: str

    def __str__(self) -> str:
        return self.origin + self.path


def parse_base_url(
    value: object, *, allow_insecure: bool = False, field: str = "base_url"
) -> Endpoint:
    """Validate a base URL and return it without a trailing slash.

    Args:
        value: an absolute URL: https, or http for loopback. It must not end in "/userinfo", or in
            the path of a provider configuration.
        allow_insecure: whether http is allowed for every host.
        field: the name of the argument: "base_url" or "issuer".

    Raises:
        ArgumentError: it is missing or anything else.
    """
    if isinstance(value, str):
        value = plain(value)
    problem = _explain_base_url(value, field, allow_insecure=allow_insecure)
    if problem is not None:
        del value  # It may contain a password, and a traceback shows local variables.
        raise ArgumentError(f"{field} {problem}")
    return Endpoint(_origin(str(value)), _base_path(value))


def _explain_base_url(value: object, field: str, *, allow_insecure: bool) -> str | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return "field is required"
    problem = explain_base_url(value, allow_insecure=allow_insecure)
    return explain_ending(_base_path(value), field) if problem is None else problem


def _base_path(url: object) -> str:
    return urlsplit(str(url)).path.rstrip("/")


def parse_endpoint(value: object, base: str, *, allow_insecure: bool) -> Endpoint | str:
    """Return the URL of an endpoint, exactly as written, or what is wrong with it.

    Args:
        value: an absolute URL, on any host. It may have a query.
        base: the base URL or the issuer.
        allow_insecure: whether it may be http although the base is https.
    """
    if isinstance(value, str):
        value = plain(value)
    problem = explain_endpoint(value)
    if problem is not None:
        return problem
    url, separator, query = str(value).partition("?")
    endpoint = Endpoint(_origin(url), (urlsplit(url).path or "/") + separator + query)
    if not allow_insecure and is_downgrade(base, endpoint):
        return (
            "is http, not https: it would receive the token in the clear"
            " (allow_insecure=True permits it)"
        )
    return endpoint


def is_downgrade(base: str, endpoint: Endpoint) -> bool:
    """Return whether an endpoint protects a token less than a base URL or an issuer does.

    An http endpoint is not a downgrade if the other one is http, and both are loopback.
    """
    if endpoint.origin.startswith("https://"):
        return False
    return not (_is_loopback_http(base) and _is_loopback_http(endpoint.origin))


def _is_loopback_http(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and is_loopback(parts.hostname or "")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    netloc = f"[{host}]" if ":" in host else host
    if parts.port is not None and parts.port != _DEFAULT_PORTS[parts.scheme]:
        netloc = f"{netloc}:{parts.port}"
    return f"{parts.scheme}://{netloc}"


def parse_http_url(text: str) -> str | None:
    """Return the text if it is an absolute http(s) URL, otherwise None."""
    parts = split_url(text) if _VISIBLE_ASCII.fullmatch(text) else None
    if parts is None or parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None
    return text


def explain_proxy_url(value: object) -> str | None:
    """Explain why a value is not the URL of an HTTP proxy, without quoting it, or return None.

    The URL may contain a user and password.
    """
    if _is_proxy_url(value):
        return None
    advice = "must be a URL such as http://proxy.example:3128"
    if isinstance(value, str) and _SOCKS.match(value):
        advice += " (for SOCKS, see examples/usersmanager-sockets in the repository)"
    return advice


def _is_proxy_url(value: object) -> bool:
    if not isinstance(value, str) or not _VISIBLE_ASCII.fullmatch(value):
        return False
    parts = split_url(value)
    if parts is None or parts.scheme not in _DEFAULT_PORTS or parts.port == 0:
        return False
    return is_host(parts.hostname or "")
