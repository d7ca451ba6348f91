"""Read the configuration document of a provider (OpenID Connect Discovery 1.0, section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._values.messages import Request, Response
from .._values.urls import Endpoint, is_downgrade, parse_endpoint
from ..errors import DecodeError
from .decoding import read_object

__all__ = ["read_configuration", "userinfo_endpoint"]


def read_configuration(request: Request, response: Response) -> dict[str, Any]:
    """Return the configuration document in a response.

    Raises:
        DecodeError: the body is not a JSON object.
    """
    return read_object(request, response, "configuration")


def userinfo_endpoint(
    configuration: Mapping[str, Any], issuer: str, *, allow_insecure: bool
) -> Endpoint:
    """Return the userinfo endpoint from the configuration of a provider.

    Args:
        configuration: the configuration document.
        issuer: the expected issuer.
        allow_insecure: whether an http endpoint is allowed for an https issuer.

    Raises:
        DecodeError: the issuer is another one (section 4.3), or the endpoint is missing, not valid
            or insecure.
    """
    actual = configuration.get("issuer")
    if actual != issuer:
        differs_in_slash = isinstance(actual, str) and actual.rstrip("/") == issuer.rstrip("/")
        advice = f": pass exactly {actual!r}" if differs_in_slash else ""
        raise DecodeError(f"issuer mismatch in the provider configuration{advice}")
    endpoint = parse_endpoint(configuration.get("userinfo_endpoint"))
    if endpoint is None:
        raise DecodeError("the provider configuration has no usable userinfo_endpoint")
    if not allow_insecure and is_downgrade(issuer, endpoint):
        raise DecodeError(
            "the userinfo_endpoint in the provider configuration is http, not https: it would"
            " receive the token in the clear (allow_insecure=True permits it)"
        )
    return endpoint
