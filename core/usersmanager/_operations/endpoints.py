"""The setting ``endpoints``, which replaces the endpoints of a provider.

The names of endpoints are those of the metadata (OpenID Connect Discovery 1.0, section 3; RFC 8414,
section 2).
"""

from __future__ import annotations

from collections.abc import Mapping

from .._values.site import is_endpoint_name
from .._values.suggestions import did_you_mean
from .._values.urls import Endpoint, parse_endpoint
from ..errors import ArgumentError
from .provider import USERINFO_ENDPOINT

__all__ = ["parse_endpoints"]

# Those that operations of this library use. A provider may have others.
_KNOWN = (
    "introspection_endpoint",
    "jwks_uri",
    "revocation_endpoint",
    "token_endpoint",
    USERINFO_ENDPOINT,
)


def parse_endpoints(
    endpoints: object, base_url: Endpoint, *, allow_insecure: bool
) -> dict[str, Endpoint]:
    """Return the endpoints that a program has set, by name.

    Args:
        endpoints: a mapping of names and URLs, or None.
        base_url: the base URL or the issuer.
        allow_insecure: whether an endpoint may be http although the base URL is https.

    Raises:
        ArgumentError: it is anything else, has a key that can't be the name of an endpoint, or has
            an invalid URL.
    """
    if endpoints is None:
        return {}
    if not isinstance(endpoints, Mapping):
        raise ArgumentError('endpoints must be a mapping, such as {"userinfo_endpoint": URL}')
    parsed = {}
    for name, url in endpoints.items():
        if not is_endpoint_name(name):
            suggestion = did_you_mean(name, _KNOWN)
            raise ArgumentError(
                f"endpoints: a name is lower case and ends in _endpoint or _uri{suggestion}"
            )
        endpoint = parse_endpoint(url, str(base_url), allow_insecure=allow_insecure)
        if isinstance(endpoint, str):
            raise ArgumentError(f"{name} {endpoint}")
        parsed[name] = endpoint
    return parsed
