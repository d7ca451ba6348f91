"""The setting ``endpoints``, which replaces the endpoints of a provider.

The names of endpoints are those of the metadata (OpenID Connect Discovery 1.0, section 3; RFC 8414,
section 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._values.site import is_endpoint_name
from .._values.suggestions import did_you_mean
from .._values.token import Secret
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
    endpoints: Secret[Any], base_url: Endpoint, *, allow_insecure: bool
) -> dict[str, Endpoint]:
    """Return the endpoints that a program has set, by name.

    Args:
        endpoints: a mapping of names and URLs, or None. It is sealed, since a URL may contain a
            key, and a traceback shows local variables.
        base_url: the base URL or the issuer.
        allow_insecure: whether an endpoint may be http although the base URL is https.

    Raises:
        ArgumentError: it is anything else, has a key that can't be the name of an endpoint, or has
            an invalid URL.
    """
    if endpoints.reveal() is None:
        return {}
    if not isinstance(endpoints.reveal(), Mapping):
        raise ArgumentError('endpoints must be a mapping, such as {"userinfo_endpoint": URL}')
    malformed = Secret([name for name in endpoints.reveal() if not is_endpoint_name(name)])
    if malformed.reveal():
        suggestion = did_you_mean(malformed.reveal()[0], _KNOWN)
        raise ArgumentError(
            f"endpoints: a name is lower case and ends in _endpoint or _uri{suggestion}"
        )
    return {
        name: _parse(name, endpoints, base_url, allow_insecure=allow_insecure)
        for name in endpoints.reveal()
    }


def _parse(
    name: str, endpoints: Secret[Any], base_url: Endpoint, *, allow_insecure: bool
) -> Endpoint:
    endpoint = parse_endpoint(
        endpoints.reveal()[name], str(base_url), allow_insecure=allow_insecure
    )
    if isinstance(endpoint, str):
        raise ArgumentError(f"{name} {endpoint}")
    return endpoint
