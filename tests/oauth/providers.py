"""Requests and responses of providers as their documentation shows them, with their sources.

Tokens are shortened, and the members of ID tokens left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["EXCHANGES", "INTROSPECTIONS", "REFUSALS", "Exchange"]

_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
_ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
_JWT = "urn:ietf:params:oauth:token-type:jwt"
_SESSION_TRANSFER = "urn:auth0:params:oauth:token-type:session_transfer_token"


class Exchange(NamedTuple):
    """One exchange.

    Attributes:
        source: where it is documented.
        arguments: those of `exchange_token`.
        fields: the fields of the documented request, without client and grant type.
        response: the documented response.
        is_bearer: whether the issued token is an access token.
    """

    source: str
    arguments: Mapping[str, Any]
    fields: list[tuple[str, str]]
    response: Mapping[str, Any]
    is_bearer: bool = True


EXCHANGES: dict[str, Exchange] = {
    "Auth0, session delegation": Exchange(
        "https://auth0.com/docs/authenticate/single-sign-on/session-delegation/"
        "implement-session-delegation",
        {
            "subject_token": "eyJ.user",
            "subject_token_type": "urn:acme:user",
            "actor_token": "eyJ.agent",
            "actor_token_type": _ID_TOKEN,
            "audience": "urn:tenant.auth0.com:session_transfer",
            "headers": {"auth0-forwarded-for": "203.0.113.7"},
        },
        [
            ("audience", "urn:tenant.auth0.com:session_transfer"),
            ("subject_token_type", "urn:acme:user"),
            ("subject_token", "eyJ.user"),
            ("actor_token_type", _ID_TOKEN),
            ("actor_token", "eyJ.agent"),
        ],
        {"access_token": "stt", "issued_token_type": _SESSION_TRANSFER, "expires_in": 60},
        is_bearer=False,
    ),
    "Auth0, custom token exchange": Exchange(
        "https://auth0.com/docs/get-started/authentication-and-authorization-flow/"
        "token-exchange-flow/call-your-api-using-the-custom-token-exchange-flow",
        {
            "subject_token": "legacy",
            "subject_token_type": "http://acme.com/legacy-token",
            "audience": "https://api.acme.com",
            "scope": "openid",
            "extra": {"organization": "org_1"},
        },
        [
            ("subject_token_type", "http://acme.com/legacy-token"),
            ("subject_token", "legacy"),
            ("audience", "https://api.acme.com"),
            ("scope", "openid"),
            ("organization", "org_1"),
        ],
        {
            "access_token": "eyJ.new",
            "id_token": "eyJ.id",
            "issued_token_type": _ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": 86400,
        },
    ),
    "Auth0, On-Behalf-Of": Exchange(
        "https://auth0.com/docs/secure/call-apis-on-users-behalf/on-behalf-of-token-exchange",
        {
            "subject_token": "eyJ.user",
            "requested_token_type": _ACCESS_TOKEN,
            "audience": "https://my-api.example.com",
        },
        [
            ("subject_token", "eyJ.user"),
            ("subject_token_type", _ACCESS_TOKEN),
            ("requested_token_type", _ACCESS_TOKEN),
            ("audience", "https://my-api.example.com"),
        ],
        {
            "access_token": "eyJ.new",
            "expires_in": 86400,
            "token_type": "Bearer",
            "issued_token_type": _ACCESS_TOKEN,
        },
    ),
    "Keycloak, standard token exchange": Exchange(
        "https://www.keycloak.org/securing-apps/token-exchange",
        {
            "subject_token": "eyJ.user",
            "requested_token_type": _ACCESS_TOKEN,
            "audience": ["target-client1", "target-client2"],
        },
        [
            ("subject_token", "eyJ.user"),
            ("subject_token_type", _ACCESS_TOKEN),
            ("requested_token_type", _ACCESS_TOKEN),
            ("audience", "target-client1"),
            ("audience", "target-client2"),
        ],
        {
            "access_token": "eyJhbGciOiJSUzI1NiIsIn...",
            "expires_in": 300,
            "token_type": "Bearer",
            "issued_token_type": _ACCESS_TOKEN,
            "session_state": "287f3c57-32b8-4c0f-8b00-8c7db231d701",
            "scope": "default-scope1",
            "refresh_expires_in": 0,
            "not-before-policy": 0,
        },
    ),
    "Keycloak, an ID token": Exchange(
        "https://www.keycloak.org/securing-apps/token-exchange",
        {"subject_token": "eyJ.user", "requested_token_type": _ID_TOKEN},
        [
            ("subject_token", "eyJ.user"),
            ("subject_token_type", _ACCESS_TOKEN),
            ("requested_token_type", _ID_TOKEN),
        ],
        {"access_token": "eyJ.id", "token_type": "N_A", "issued_token_type": _ID_TOKEN},
        is_bearer=False,
    ),
    "ZITADEL, impersonation by user id": Exchange(
        "https://zitadel.com/docs/guides/integrate/token-exchange",
        {
            "subject_token": "259242039378444290",
            "subject_token_type": "urn:zitadel:params:oauth:token-type:user_id",
            "actor_token": "_oFT8JOKtqpS",
            "actor_token_type": _ACCESS_TOKEN,
            "requested_token_type": _JWT,
            "scope": ["openid", "profile", "email"],
        },
        [
            ("subject_token", "259242039378444290"),
            ("subject_token_type", "urn:zitadel:params:oauth:token-type:user_id"),
            ("actor_token", "_oFT8JOKtqpS"),
            ("actor_token_type", _ACCESS_TOKEN),
            ("requested_token_type", _JWT),
            ("scope", "openid profile email"),
        ],
        {
            "access_token": "eyJ.new",
            "issued_token_type": _JWT,
            "token_type": "Bearer",
            "expires_in": 43199,
            "scope": "openid profile email",
            "refresh_token": "Rh1SRrRBGkBAmyK7",
            "id_token": "eyJ.id",
        },
    ),
    "Okta, On-Behalf-Of": Exchange(
        "https://developer.okta.com/docs/guides/set-up-token-exchange/main/",
        {
            "subject_token": "eyJ.user",
            "scope": "api:access:read api:access:write",
            "audience": "com.api.atko",
        },
        [
            ("subject_token_type", _ACCESS_TOKEN),
            ("subject_token", "eyJ.user"),
            ("scope", "api:access:read api:access:write"),
            ("audience", "com.api.atko"),
        ],
        {
            "token_type": "Bearer",
            "expires_in": 3600,
            "access_token": "eyJraWQiOiJR",
            "scope": "api:access:read api:access:write",
            "issued_token_type": _ACCESS_TOKEN,
        },
    ),
}

# The response, and the subject and the actor in it.
INTROSPECTIONS: dict[str, tuple[Mapping[str, Any], str | None, str | None]] = {
    # https://zitadel.com/docs/guides/integrate/token-exchange
    "ZITADEL": (
        {
            "active": True,
            "scope": "openid",
            "client_id": "259254409320529922@portal",
            "token_type": "Bearer",
            "exp": 1711141849,
            "iat": 1711098649,
            "nbf": 1711098649,
            "sub": "259242039378444290",
            "aud": ["259254020357488642"],
            "iss": "http://localhost:9000",
            "jti": "259380204902809602",
        },
        "259242039378444290",
        None,
    ),
    # RFC 7662, section 2.2, with the claim of RFC 8693, section 4.1.
    "RFC 8693": (
        {
            "active": True,
            "client_id": "l238j323ds-23ij4",
            "sub": "user@example.com",
            "exp": 1443904177,
            "act": {
                "sub": "https://service16.example.com",
                "act": {"sub": "https://service77.example.com"},
            },
        },
        "user@example.com",
        "https://service16.example.com",
    ),
    "an inactive token": ({"active": False}, None, None),
}

# The status, the body, the code and a part of the description.
REFUSALS: dict[str, tuple[int, Mapping[str, Any], str, str]] = {
    # https://auth0.com/docs/secure/call-apis-on-users-behalf/on-behalf-of-token-exchange
    "Auth0, five nested actors": (
        400,
        {
            "error": "invalid_request",
            "error_description": "Delegation chain (`act` claim) depth exceeds the maximum allowed"
            " limit of 4",
        },
        "invalid_request",
        "Delegation chain",
    ),
    # RFC 8693, section 2.2.2.
    "an audience that is refused": (
        400,
        {"error": "invalid_target", "error_description": "unknown audience"},
        "invalid_target",
        "unknown audience",
    ),
    # RFC 6749, section 5.2.
    "the client": (
        401,
        {"error": "invalid_client", "error_description": "wrong secret"},
        "invalid_client",
        "wrong secret",
    ),
}
