"""The Site of a manager: made from the arguments of its constructor, completed by a provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._operations.endpoints import parse_endpoints
from .._operations.provider import USERINFO_ENDPOINT, userinfo_endpoint
from .._values.headers import StaticHeaders
from .._values.site import Site
from .._values.token import Secret
from .._values.urls import parse_base_url
from ..errors import ArgumentError, DecodeError

__all__ = ["make_site", "with_configuration"]


def make_site(
    base_url: Secret[str],
    endpoints: Secret[Mapping[str, str] | None],
    headers: Secret[Mapping[str, str] | None],
    *,
    allow_insecure: bool,
) -> Site:
    """Return the site of a manager, given the arguments of its constructor.

    Raises:
        ArgumentError: one of them is invalid.
    """
    base = parse_base_url(base_url.reveal(), allow_insecure=allow_insecure)
    return Site(
        base,
        parse_endpoints(endpoints, base, allow_insecure=allow_insecure),
        _static_headers(headers),
        allow_insecure=allow_insecure,
    )


def _static_headers(headers: Secret[Mapping[str, str] | None]) -> StaticHeaders:
    if not isinstance(headers.reveal() or {}, Mapping):
        raise ArgumentError("headers must be a mapping of names and values")
    try:
        return StaticHeaders(headers.reveal() or {})
    except ArgumentError as caught:
        problem = str(caught)
    raise ArgumentError(f"headers: {problem}")


def with_configuration(site: Site, configuration: Mapping[str, Any], issuer: str) -> Site:
    """Return a site with the configuration of its provider.

    Raises:
        DecodeError: the userinfo endpoint is missing or insecure, unless the program has set it; or
            the configuration is nested too deeply. Other endpoints need not be there, and are
            checked when they are used.
    """
    if USERINFO_ENDPOINT not in site.endpoints:
        userinfo_endpoint(configuration, issuer, allow_insecure=site.allow_insecure)
    try:
        return site.with_provider(configuration)
    except RecursionError:
        pass  # The frames of the error would fill the traceback.
    raise DecodeError("the configuration is nested too deeply")
