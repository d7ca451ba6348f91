"""Read the configuration document of a provider (OpenID Connect Discovery 1.0, section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._values.response import Response
from .._values.site import endpoint_in
from .._values.url_advice import explain_base_url
from .._values.urls import Endpoint
from ..errors import DecodeError
from .decoding import read_object

__all__ = ["USERINFO_ENDPOINT", "read_configuration", "require_issuer", "userinfo_endpoint"]

USERINFO_ENDPOINT = "userinfo_endpoint"
_TENANT = "{tenantid}"
_MAX_ISSUER_LENGTH = 300


def read_configuration(response: Response) -> dict[str, Any]:
    """Return the configuration document in a response.

    Raises:
        DecodeError: the body is not a JSON object.
    """
    return read_object(response, "configuration")


def require_issuer(configuration: Mapping[str, Any], issuer: str) -> None:
    """Check that a configuration is the one of the expected issuer (section 4.3).

    Raises:
        DecodeError: it is the configuration of another issuer.
    """
    actual = configuration.get("issuer")
    if actual != issuer:
        advice = _advice(actual)
        raise DecodeError(f"issuer mismatch in the provider configuration: {advice}")


def userinfo_endpoint(
    configuration: Mapping[str, Any], issuer: str, *, allow_insecure: bool
) -> Endpoint:
    """Return the userinfo endpoint from the configuration of a provider, on any host.

    Args:
        configuration: the configuration document of the issuer.
        issuer: the issuer.
        allow_insecure: whether an http endpoint is allowed for an https issuer.

    Raises:
        DecodeError: the endpoint is missing, not valid or insecure.
    """
    if USERINFO_ENDPOINT not in configuration:
        raise DecodeError(
            "the provider configuration has no userinfo_endpoint: the provider has none, or pass"
            ' its URL as endpoints={"userinfo_endpoint": ...}'
        )
    endpoint = endpoint_in(configuration, USERINFO_ENDPOINT, issuer, allow_insecure=allow_insecure)
    if isinstance(endpoint, str):
        raise DecodeError(endpoint)
    return endpoint


def _advice(actual: object) -> str:
    """Explain what to pass as the issuer, given the one in the document."""
    if actual is None:
        return "it has none"
    if not _is_presentable(actual):
        return "the issuer in it is not a valid URL"
    if _TENANT in str(actual):
        return (
            f"it is for every tenant, and names {actual!r}: pass that, with the ID of your tenant"
            f" in place of {_TENANT}"
        )
    return f"if that is the provider you mean, pass exactly {actual!r}"


def _is_presentable(issuer: object) -> bool:
    """Return whether the issuer in a document may be shown: a short URL without a user or query."""
    if not isinstance(issuer, str) or len(issuer) > _MAX_ISSUER_LENGTH:
        return False
    return explain_base_url(issuer.replace(_TENANT, "tenant"), allow_insecure=True) is None
