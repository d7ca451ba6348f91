"""Site: what a manager knows about its server, and where it sends an operation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import ArgumentError
from .freezing import freeze
from .headers import StaticHeaders
from .urls import Endpoint, parse_endpoint

__all__ = ["Site", "endpoint_in", "is_endpoint_name"]

_ENDPOINT_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}_(?:endpoint|uri)")
_MAX_NAMES = 20


def is_endpoint_name(name: object) -> bool:
    """Return whether a name is that of an endpoint in metadata: "token_endpoint", "jwks_uri"."""
    return isinstance(name, str) and _ENDPOINT_NAME.fullmatch(name) is not None


def endpoint_in(
    metadata: Mapping[str, Any], name: str, issuer: str, *, allow_insecure: bool
) -> Endpoint | str:
    """Return an endpoint in the metadata of a provider, on any host, or what is wrong with it.

    Args:
        metadata: the metadata, which has the endpoint.
        name: the name of the endpoint.
        issuer: the issuer.
        allow_insecure: whether an http endpoint is allowed for an https issuer.
    """
    url = metadata[name]
    endpoint = (
        "is null" if url is None else parse_endpoint(url, issuer, allow_insecure=allow_insecure)
    )
    if isinstance(endpoint, str):
        return f"the {name} in the provider configuration {endpoint}"
    return endpoint


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Site:
    """What a manager knows about its server. Immutable, so that what follows from it can be kept.

    Attributes:
        base_url: the base URL, or the issuer.
        endpoints: the endpoints that the program has set, by name.
        headers: the header fields for every request.
        allow_insecure: whether an endpoint may be http although the base URL is https.
        provider: the metadata of the provider, deeply immutable, or None.
    """

    base_url: Endpoint
    endpoints: Mapping[str, Endpoint]
    headers: StaticHeaders
    allow_insecure: bool
    provider: Mapping[str, Any] | None = None
    _urls: dict[str, str | None] = field(default_factory=dict, init=False)

    def with_provider(self, metadata: Mapping[str, Any]) -> Site:
        """Return a copy that has the metadata of a provider."""
        return replace(self, provider=freeze(metadata))

    def locate(self, name: str | None, path: str | None) -> Endpoint:
        """Return where an operation is sent.

        Args:
            name: the name of an endpoint. It takes precedence if the program has set the endpoint,
                or if there is metadata.
            path: the path below the base URL.

        Raises:
            ArgumentError: the endpoint is missing, not valid or insecure.
        """
        if name is not None and name in self.endpoints:
            return self.endpoints[name]
        if name is not None and self.provider is not None:
            return self._locate_in(self.provider, name)
        if path is not None:
            return Endpoint(self.base_url.origin, self.base_url.path + path)
        raise ArgumentError(
            f"the {name} is unknown: create the manager with from_issuer,"
            f' or pass endpoints={{"{name}": ...}}'
        )

    def url_of(self, name: str) -> str | None:
        """Return the URL of an endpoint, or None if there is none that can be used.

        Args:
            name: the name of the endpoint.
        """
        if name not in self._urls:
            try:
                self._urls[name] = str(self.locate(name, None))
            except ArgumentError:
                self._urls[name] = None
        return self._urls[name]

    def _locate_in(self, metadata: Mapping[str, Any], name: str) -> Endpoint:
        if name not in metadata:
            others = sorted(filter(is_endpoint_name, metadata))[:_MAX_NAMES] or ["no endpoint"]
            raise ArgumentError(
                f"the provider configuration has no {name}, only {', '.join(others)}:"
                f' pass its URL as endpoints={{"{name}": ...}}'
            )
        endpoint = endpoint_in(
            metadata, name, str(self.base_url), allow_insecure=self.allow_insecure
        )
        if isinstance(endpoint, str):
            raise ArgumentError(endpoint)
        return endpoint

    def __repr__(self) -> str:
        return f"<Site {self.base_url}>"
