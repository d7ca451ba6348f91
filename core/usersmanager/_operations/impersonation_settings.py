"""ImpersonationSettings, the type of the settings of ``impersonate``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

__all__ = ["ImpersonationSettings"]


class ImpersonationSettings(TypedDict):
    """Who logs in as a user, and how.

    Attributes:
        impersonator_id: the user who logs in.
        protocol: "oauth2", "samlp", "wsfed" or "wsfed-rms".
        token: an API token.
        client_id: the client to log in to, instead of that of the manager.
        additional_parameters: parameters for the client, such as ``callback_url``.
        clientId: another spelling of ``client_id``. Pass one of them.
        additionalParameters: another spelling of ``additional_parameters``. Pass one of them.

    Example::

        settings: ImpersonationSettings = {
            "impersonator_id": "auth0|9", "protocol": "oauth2", "token": api_token
        }

    Source: Auth0 Authentication API, "Impersonation" (legacy).
    """

    impersonator_id: str
    protocol: str
    token: str
    client_id: NotRequired[str | None]
    additional_parameters: NotRequired[Mapping[str, Any] | None]
    clientId: NotRequired[str | None]
    additionalParameters: NotRequired[Mapping[str, Any] | None]
