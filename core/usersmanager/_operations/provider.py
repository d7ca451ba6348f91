"""Read a provider's configuration document.

Source: OpenID Connect Discovery 1.0, section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._values.messages import Response
from .._values.urls import Endpoint, is_downgrade, parse_endpoint
from ..errors import DecodeError
from .decoding import read_object

__all__ = ["read_configuration", "userinfo_endpoint"]


def read_configuration(response: Response) -> dict[str, Any]:
    """Return a provider's configuration document: a JSON object.

    Raises:
        DecodeError: the body is anything else (OIDC Discovery, section 4.2).
    """
    return read_object(response, "configuration")


def userinfo_endpoint(
    configuration: Mapping[str, Any], issuer: str, *, allow_insecure: bool
) -> Endpoint:
    """Return where a provider serves profiles, if the configuration is its own.

    Raises:
        DecodeError: it is of another issuer (OIDC Discovery, section 4.3), names no usable
            endpoint, or names one that would receive the token in the clear.
    """
    named = configuration.get("issuer")
    if named != issuer:
        differs_in_slash = isinstance(named, str) and named.rstrip("/") == issuer.rstrip("/")
        advice = f": it names {named!r}, pass exactly that" if differs_in_slash else ""
        raise DecodeError(f"issuer mismatch in the provider configuration{advice}")
    endpoint = parse_endpoint(configuration.get("userinfo_endpoint"))
    if endpoint is None:
        raise DecodeError("the provider configuration has no usable userinfo_endpoint")
    if not allow_insecure and is_downgrade(issuer, endpoint):
        raise DecodeError(
            "the userinfo_endpoint in the provider configuration is http, not https: the token"
            " would be sent in the clear (allow_insecure=True permits it)"
        )
    return endpoint
