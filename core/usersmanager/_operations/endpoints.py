"""The endpoint of each operation, and the setting that replaces one.

The names of endpoints are those of the provider configuration (OpenID Connect Discovery 1.0,
section 3).
"""

from __future__ import annotations

from collections.abc import Mapping

from .._values.suggestions import did_you_mean
from .._values.urls import Endpoint, parse_endpoint
from ..errors import ArgumentError
from .provider import USERINFO_ENDPOINT
from .specs import DISCOVER, GET_INFO, IMPERSONATE

__all__ = ["default_endpoints", "parse_endpoints"]

_OPERATIONS = {USERINFO_ENDPOINT: GET_INFO.name}


def default_endpoints(base_url: Endpoint) -> dict[str, Endpoint]:
    """Return the endpoint of each operation below a base URL, by the name of the operation."""
    return {
        spec.name: Endpoint(base_url.origin, base_url.path + spec.path)
        for spec in (GET_INFO, IMPERSONATE, DISCOVER)
    }


def parse_endpoints(
    endpoints: object, base_url: Endpoint, *, allow_insecure: bool
) -> dict[str, Endpoint]:
    """Return the endpoints that a program has set, by the name of the operation.

    Args:
        endpoints: a mapping of names and URLs, or None.
        base_url: the base URL or the issuer.
        allow_insecure: whether an endpoint may be http although the base URL is https.

    Raises:
        ArgumentError: it is anything else, names an unknown endpoint, or has an invalid URL.
    """
    if endpoints is None:
        return {}
    if not isinstance(endpoints, Mapping):
        raise ArgumentError('endpoints must be a mapping, such as {"userinfo_endpoint": URL}')
    parsed = {}
    for name, url in endpoints.items():
        if name not in _OPERATIONS:
            raise ArgumentError(f"endpoints: no such endpoint{did_you_mean(name, _OPERATIONS)}")
        endpoint = parse_endpoint(url, str(base_url), allow_insecure=allow_insecure)
        if isinstance(endpoint, str):
            raise ArgumentError(f"{name} {endpoint}")
        parsed[_OPERATIONS[name]] = endpoint
    return parsed
