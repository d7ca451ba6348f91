"""The operation ``discover``, of ``from_issuer``.

Source: OpenID Connect Discovery 1.0, section 4.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from .._values.response import Response
from .operation import Operation
from .provider import read_configuration, require_issuer

__all__ = ["DISCOVER", "discover"]

DISCOVER = "discover"


def discover(issuer: str) -> Operation[dict[str, Any]]:
    """Return the operation that fetches the configuration of an issuer from its own server."""
    return Operation(
        DISCOVER,
        "GET",
        path="/.well-known/openid-configuration",
        read=partial(_read_configuration_of, issuer),
    )


def _read_configuration_of(issuer: str, response: Response) -> dict[str, Any]:
    configuration = read_configuration(response)
    require_issuer(configuration, issuer)
    return configuration
