"""OAuthEndpoints: the sandbox's token exchange, introspection, revocation and session delegation.

Sources: RFC 8693, RFC 7662 and RFC 7009; Auth0, "Session Delegation".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from .clients import Client
from .page import make_page
from .tenant import Grant

if TYPE_CHECKING:
    from .endpoints import Endpoints

__all__ = ["DELEGATED_LOGIN", "PATHS", "OAuthEndpoints"]

DELEGATED_LOGIN: Final = "/login/delegated"
PATHS: Final = ("/oauth/token", "/oauth/introspect", "/oauth/revoke")
_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"
_ID_TOKEN: Final = "urn:ietf:params:oauth:token-type:id_token"
_SESSION_TRANSFER: Final = "urn:auth0:params:oauth:token-type:session_transfer_token"
_LIFETIME: Final = 3600
_SESSION_TRANSFER_LIFETIME: Final = 60


_Answer = Callable[[Client, Mapping[str, Any]], web.Response]


class _RefusedError(Exception):
    """A request that is answered with an error code (RFC 6749, section 5.2)."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.response = web.json_response(
            {"error": error, "error_description": description},
            status=status,
            headers={"WWW-Authenticate": 'Basic realm="Clients"'} if status == 401 else None,
        )


class OAuthEndpoints:
    """The endpoints for clients.

    Args:
        endpoints: the other endpoints, which have the state.
    """

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""
        for path, answer in zip(PATHS, (self._token, self._introspect, self._revoke), strict=True):
            application.router.add_post(path, self._authenticated(answer))
        application.router.add_get(DELEGATED_LOGIN, self._log_in)

    def _authenticated(self, answer: _Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Return a handler that answers the requests of registered clients, and refuses others."""

        async def handler(request: web.Request) -> web.Response:
            try:
                form = await request.post()
                return answer(self._authenticate(request, form), form)
            except _RefusedError as error:
                return error.response

        return handler

    def metadata(self) -> dict[str, Any]:
        """Return what the configuration says about these endpoints (RFC 8414, section 2)."""
        token, introspection, revocation = (self._endpoints.base_url + path for path in PATHS)
        methods = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
        return {
            "token_endpoint": token,
            "introspection_endpoint": introspection,
            "revocation_endpoint": revocation,
            "grant_types_supported": ["authorization_code", _EXCHANGE],
            "token_endpoint_auth_methods_supported": methods,
        }

    def _token(self, client: Client, form: Mapping[str, Any]) -> web.Response:
        if form.get("grant_type") != _EXCHANGE:
            raise _RefusedError("unsupported_grant_type", "the sandbox only exchanges tokens")
        return web.json_response(self._exchange(client, form))

    def _authenticate(self, request: web.Request, form: Mapping[str, Any]) -> Client:
        base_url = self._endpoints.base_url
        client = self._endpoints.tenant.oauth_clients.authenticate(
            request.headers.get("Authorization"), form, {base_url, base_url + PATHS[0]}
        )
        if client is None:
            raise _RefusedError("invalid_client", "client authentication failed", 401)
        return client

    def _exchange(self, client: Client, form: Any) -> dict[str, Any]:
        actor = self._actor(form)
        subject = self._subject(form, actor)
        grant = replace(subject, client_id=client.client_id)
        if actor is not None:
            previous = {"act": subject.act} if subject.act else {}
            act = {"sub": actor.subject, "iss": self._endpoints.base_url, **previous}
            grant = replace(grant, act=act)
        audience = tuple(form.getall("audience", [])) + tuple(form.getall("resource", []))
        if any(name.endswith(":session_transfer") for name in audience):
            return self._transfer_session(client, grant, actor)
        if form.get("requested_token_type", _ACCESS_TOKEN) != _ACCESS_TOKEN:
            raise _RefusedError("invalid_request", "requested_token_type is not supported")
        scope = grant.scope & set(form["scope"].split()) if "scope" in form else grant.scope
        if not scope:
            raise _RefusedError("invalid_scope", "the subject token has none of these scopes")
        tenant = self._endpoints.tenant
        issued = replace(
            grant, scope=scope, audience=audience, expires_at=tenant.clock() + _LIFETIME
        )
        return {
            "access_token": tenant.add(issued),
            "issued_token_type": _ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": _LIFETIME,
            "scope": " ".join(sorted(scope)),
        }

    def _transfer_session(
        self, client: Client, grant: Grant, actor: Grant | None
    ) -> dict[str, Any]:
        if client.is_public:
            raise _RefusedError("unauthorized_client", "a public client can't delegate a session")
        if actor is None:
            raise _RefusedError("invalid_request", "a session transfer token needs an actor")
        return {
            "access_token": self._endpoints.tenant.make_link(grant.subject, actor.subject),
            "issued_token_type": _SESSION_TRANSFER,
            "token_type": "N_A",
            "expires_in": _SESSION_TRANSFER_LIFETIME,
        }

    def _actor(self, form: Mapping[str, Any]) -> Grant | None:
        if "actor_token" not in form:
            return None
        if form.get("actor_token_type") not in (_ACCESS_TOKEN, _ID_TOKEN):
            raise _RefusedError("invalid_request", "actor_token_type is not supported")
        return self._live_grant(form["actor_token"], "actor_token")

    def _subject(self, form: Mapping[str, Any], actor: Grant | None) -> Grant:
        token, token_type = str(form.get("subject_token")), form.get("subject_token_type")
        if token_type == _ACCESS_TOKEN:
            return self._live_grant(token, "subject_token")
        # As an Action of Auth0 or ZITADEL may read it: the id of a user, if somebody vouches.
        if token_type is None or actor is None or token not in self._endpoints.tenant.users:
            raise _RefusedError("invalid_request", "the subject token is not valid")
        return Grant(token, actor.scope, actor.expires_at)

    def _live_grant(self, token: str, name: str) -> Grant:
        tenant = self._endpoints.tenant
        grant = tenant.grant(token)
        if grant is None or not grant.subject or not tenant.is_live(grant):
            raise _RefusedError("invalid_request", f"the {name} is not valid")
        return grant

    def _introspect(self, client: Client, form: Mapping[str, Any]) -> web.Response:
        tenant = self._endpoints.tenant
        grant = tenant.grant(str(form.get("token")))
        if grant is None or not tenant.is_live(grant):
            return web.json_response({"active": False})
        members = {
            "iss": self._endpoints.base_url,
            "sub": grant.subject,
            "client_id": grant.client_id,
            "scope": " ".join(sorted(grant.scope)),
            "aud": list(grant.audience),
            "exp": int(grant.expires_at),
            "act": grant.act,
        }
        present = {name: value for name, value in members.items() if value}
        return web.json_response({"active": True, "token_type": "Bearer", **present})

    def _revoke(self, client: Client, form: Mapping[str, Any]) -> web.Response:
        self._endpoints.tenant.revoke(str(form.get("token")))
        return web.Response()

    async def _log_in(self, request: web.Request) -> web.StreamResponse:
        opened = self._endpoints.tenant.open_link(request.query.get("session_transfer_token", ""))
        if opened is None:
            return make_page(403, "Link refused", "It has already been used or does not exist.")
        user_id, actor_id = opened
        name = self._endpoints.tenant.users.get(user_id, {}).get("name", user_id)
        return make_page(200, f"Logged in as {name}", f"{user_id}, delegated to {actor_id}")
