"""idpyoidc as a provider over HTTP: a second opinion about token exchange.

It knows no assertions whose audience is one string, as those of OpenID Connect are, and no actors.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from usersmanager.testing import FaultServer, Peer

__all__ = ["SECRET", "SPECIAL_SECRET", "IdpyProvider", "running"]

# It does not decode Basic credentials, so a secret for Basic must need no encoding.
SECRET = "a-secret-of-idpyoidc"
SPECIAL_SECRET = "a secret: 100% + ~*/&=?"
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
_METHODS = ["client_secret_basic", "client_secret_post"]
_ENDPOINTS = {
    "token": "oauth2.token.Token",
    "introspection": "oauth2.introspection.Introspection",
    "token_revocation": "oauth2.token_revocation.TokenRevocation",
}
_ENCRYPTER = {
    "kwargs": {
        "keys": {
            "key_defs": [
                {"type": "OCT", "use": ["enc"], "kid": "password"},
                {"type": "OCT", "use": ["enc"], "kid": "salt"},
            ]
        },
        "iterations": 1,
    }
}


@dataclass(frozen=True)
class IdpyProvider:
    """A running provider with the clients "basic" and "post"."""

    issuer: str
    server: Any

    def token(self, user: str, client_id: str) -> str:
        """Return an access token of a user that was issued to a client."""
        from idpyoidc.message.oauth2 import AuthorizationRequest
        from idpyoidc.server.authn_event import create_authn_event

        context = self.server.context
        sessions = context.session_manager
        request = AuthorizationRequest(
            client_id=client_id,
            redirect_uri="https://client.example/cb",
            scope=["openid", "profile"],
            state="s",
            response_type="code",
        )
        session = sessions.create_session(
            create_authn_event(user), request, user, client_id=client_id
        )
        token = context.authz(session, request).mint_token(
            session_id=session,
            context=context,
            token_class="access_token",
            token_handler=sessions.token_handler["access_token"],
        )
        return str(token.value)


@contextmanager
def running(folder: Path) -> Iterator[IdpyProvider]:
    """Run a provider, which may write into a folder."""
    from idpyoidc.server import Server
    from idpyoidc.server.configure import ASConfiguration

    providers: list[IdpyProvider] = []
    with FaultServer(otherwise=lambda peer: _serve(providers[0], peer)) as front:
        configuration = ASConfiguration(conf=_configuration(front.origin), base_path=str(folder))
        server = Server(configuration, cwd=str(folder))
        _register_clients(server)
        providers.append(IdpyProvider(front.origin, server))
        yield providers[0]


def _configuration(issuer: str) -> dict[str, Any]:
    endpoints: dict[str, Any] = {
        name: {
            "path": name,
            "class": f"idpyoidc.server.{class_name}",
            "kwargs": {"client_authn_method": _METHODS},
        }
        for name, class_name in _ENDPOINTS.items()
    }
    policy = {"function": "idpyoidc.server.oauth2.token_helper.validate_token_exchange_policy"}
    endpoints["token"]["kwargs"]["grant_types_helpers"] = {
        _EXCHANGE: {
            "class": "idpyoidc.server.oauth2.token_helper.token_exchange.TokenExchangeHelper",
            "kwargs": {
                "requested_token_types_supported": [_ACCESS_TOKEN],
                "default_requested_token_type": _ACCESS_TOKEN,
                "policy": {"": {**policy, "kwargs": {"audience": ["orders", "invoices"]}}},
            },
        }
    }
    endpoints["introspection"]["kwargs"]["enforce_audience_restriction"] = False
    endpoints["authorization"] = {
        "path": "authorization",
        "class": "idpyoidc.server.oauth2.authorization.Authorization",
        "kwargs": {},
    }
    rules = {"access_token": {"supports_minting": ["access_token"], "expires_in": 600}}
    return {
        "issuer": issuer,
        "httpc_params": {},
        "keys": {"key_defs": [{"type": "EC", "crv": "P-256", "use": ["sig"]}]},
        "preference": {"grant_types_supported": ["authorization_code", _EXCHANGE]},
        "endpoint": endpoints,
        "token_handler_args": {
            "code": {"lifetime": 600, "kwargs": {"crypt_conf": _ENCRYPTER}},
            "token": {
                "class": "idpyoidc.server.token.jwt_token.JWTToken",
                "kwargs": {"lifetime": 600},
            },
        },
        "session_params": {"encrypter": _ENCRYPTER},
        "authentication": {
            "anyone": {
                "acr": "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified",
                "class": "idpyoidc.server.user_authn.user.NoAuthn",
                "kwargs": {"user": "ada"},
            }
        },
        "authz": {
            "class": "idpyoidc.server.authz.AuthzHandling",
            "kwargs": {"grant_config": {"usage_rules": rules, "expires_in": 3600}},
        },
    }


def _register_clients(server: Any) -> None:
    for client_id, secret in {"basic": SECRET, "post": SPECIAL_SECRET}.items():
        server.context.cdb[client_id] = {
            "client_id": client_id,
            "client_secret": secret,
            "redirect_uris": [("https://client.example/cb", None)],
            "response_types": ["code"],
            "allowed_scopes": ["openid", "profile"],
            "grant_types_supported": [_EXCHANGE],
        }


def _serve(provider: IdpyProvider, peer: Peer) -> None:
    while received := peer.request():
        head, _, body = received.decode().partition("\r\n\r\n")
        start, *lines = head.split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        path = start.split(" ")[1].removeprefix("/")
        status, content, kind = _answer(provider, path, headers, body)
        peer.send(
            f"HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(content.encode())}\r\n\r\n{content}".encode()
        )


def _answer(
    provider: IdpyProvider, path: str, headers: dict[str, str], body: str
) -> tuple[int, str, str]:
    if path.startswith(".well-known"):
        return 200, json.dumps(_metadata(provider.issuer)), "application/json"
    endpoint = provider.server.get_endpoint(path)
    fields = {
        name: values[0] if name != "audience" else values for name, values in parse_qs(body).items()
    }
    from idpyoidc.server.exception import ClientAuthenticationError, UnknownClient

    try:
        request = endpoint.parse_request(fields, http_info={"headers": headers})
    except (ClientAuthenticationError, UnknownClient):
        return 401, '{"error": "invalid_client"}', "application/json"
    if "error" in request:
        status = 401 if request["error"] in ("invalid_client", "unauthorized_client") else 400
        return status, request.to_json(), "application/json"
    answer = endpoint.process_request(request)
    if "error" in answer:
        return 400, answer.to_json(), "application/json"
    response = endpoint.do_response(request=request, **answer)
    return 200, response["response"], dict(response["http_headers"])["Content-type"]


def _metadata(issuer: str) -> dict[str, str]:
    return {
        "issuer": issuer,
        "userinfo_endpoint": f"{issuer}/userinfo",
        "token_endpoint": f"{issuer}/token",
        "introspection_endpoint": f"{issuer}/introspection",
        "revocation_endpoint": f"{issuer}/token_revocation",
    }
