"""HTTP endpoints of the sandbox, like those of the Auth0 Authentication API."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from .oauth import PATHS, OAuthEndpoints
from .page import make_page
from .signing import SigningKeys
from .tenant import PROTOCOLS, Grant, Tenant, Usage

__all__ = ["Endpoints", "Fault"]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_Logged = tuple[str, str, int]

_LOG_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that one request meets."""

    status: int = 0
    retry_after: int | None = None
    delay: float = 0.0
    disconnect: bool = False


class Endpoints:
    """HTTP endpoints of a tenant.

    Args:
        tenant: state and rules.
        signing_keys: what signs profiles, or None if they are JSON.

    Attributes:
        base_url: the URL of the server.
        tenant: state and rules.
        signing_keys: see above.
        faults: the faults of the next API requests, in order.
        log: method, path and status of each API request.
    """

    def __init__(self, tenant: Tenant, signing_keys: SigningKeys | None = None) -> None:
        self.base_url = ""
        self.signing_keys = signing_keys
        self._oauth = OAuthEndpoints(self)
        self.reset(tenant)

    def reset(self, tenant: Tenant) -> None:
        """Replace the state. Requests in progress may still use the previous one."""
        self.tenant = tenant
        self.faults: deque[Fault] = deque()
        # Not a deque: without the GIL, another thread can't copy one while it grows.
        self.log: list[_Logged] = []

    def application(self) -> web.Application:
        """Return an application with all routes."""
        application = web.Application(middlewares=[self._middleware])
        application.router.add_get("/userinfo", self._userinfo)
        application.router.add_post("/userinfo", self._userinfo)
        application.router.add_post("/users/{id:[^/]+}/impersonate", self._impersonate)
        application.router.add_get("/login/impersonated/{ticket}", self._login)
        application.router.add_get("/.well-known/openid-configuration", self._configuration)
        application.router.add_get("/.well-known/jwks.json", self._jwks)
        self._oauth.add_to(application)
        return application

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        is_api = request.path in ("/userinfo", *PATHS) or request.path.endswith("/impersonate")
        if not is_api:
            return await handler(request)
        faults, log = self.faults, self.log  # A reset replaces them.
        fault = faults.popleft() if faults else Fault()
        await asyncio.sleep(fault.delay)
        if fault.disconnect and request.transport is not None:
            _append(log, (request.method, request.raw_path, 0))
            request.transport.close()
            return web.Response()
        response = _error_response(fault) if fault.status else await handler(request)
        _append(log, (request.method, request.raw_path, response.status))
        return response

    async def _userinfo(self, request: web.Request) -> web.StreamResponse:
        token = await _bearer_token(request)
        if token is None:
            return _unauthorized()
        tenant = self.tenant
        grant = tenant.grant(token)
        if grant is None or not grant.subject:
            return _unauthorized("invalid_token", "The access token is not valid")
        if not tenant.is_live(grant):
            return _unauthorized("invalid_token", "The access token has expired")
        if "openid" not in grant.scope:
            return _insufficient_scope()
        usage = tenant.use(grant.subject)
        if usage is not None and not usage.allowed:
            return web.Response(status=429, text="Too Many Requests", headers=_limits(usage))
        headers = _limits(usage) if usage else {}
        if self.signing_keys is None:
            return web.json_response(tenant.claims(grant), headers=headers)
        return web.Response(
            text=self.signing_keys.sign(self._signed_claims(grant)),
            content_type="application/jwt",
            headers=headers,
        )

    def _signed_claims(self, grant: Grant) -> dict[str, object]:
        """Return the claims of a signed profile (OpenID Connect Core, section 5.3.2)."""
        (client_id,) = self.tenant.clients
        return {
            **self.tenant.claims(grant),
            "iss": self.base_url,
            "aud": client_id,
            "iat": int(self.tenant.clock()),
            "exp": int(grant.expires_at),
        }

    async def _impersonate(self, request: web.Request) -> web.StreamResponse:
        grant = self.tenant.grant(await _bearer_token(request) or "")
        if grant is None or not self._may_impersonate(grant):
            return _unauthorized("invalid_token", "The token is not allowed to impersonate")
        try:
            settings = await request.json()
        except ValueError:
            settings = None
        if not isinstance(settings, dict):
            return _bad_request("the body must be a JSON object")
        user_id = request.match_info["id"]
        if user_id not in self.tenant.users:
            return _error(404, "not_found", "The user does not exist")
        if settings.get("client_id") not in self.tenant.clients:
            return _bad_request("client_id is missing or unknown")
        if settings.get("impersonator_id") not in self.tenant.users:
            return _bad_request("impersonator_id is missing or unknown")
        if settings.get("protocol") not in PROTOCOLS:
            return _bad_request("protocol must be oauth2, samlp, wsfed or wsfed-rms")
        ticket = self.tenant.make_link(user_id, settings["impersonator_id"])
        return web.Response(text=f"{self.base_url}/login/impersonated/{ticket}")

    def _may_impersonate(self, grant: Grant) -> bool:
        return "impersonate" in grant.scope and self.tenant.is_live(grant)

    async def _login(self, request: web.Request) -> web.StreamResponse:
        link = self.tenant.open_link(request.match_info["ticket"])
        if link is None:
            return make_page(
                403, "Link refused", "This link has already been used or does not exist."
            )
        user_id, impersonator_id = link
        name = self.tenant.users.get(user_id, {}).get("name", user_id)
        text = f"{user_id}, impersonated by {impersonator_id}"
        return make_page(200, f"Logged in as {name}", text)

    async def _jwks(self, request: web.Request) -> web.StreamResponse:
        keys = self.signing_keys
        return web.json_response({"keys": []} if keys is None else keys.published())

    async def _configuration(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(
            {
                "issuer": self.base_url,
                "authorization_endpoint": f"{self.base_url}/authorize",
                "userinfo_endpoint": f"{self.base_url}/userinfo",
                "jwks_uri": f"{self.base_url}/.well-known/jwks.json",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid", "profile", "email", "address", "phone"],
                **self._oauth.metadata(),
            }
        )


async def _bearer_token(request: web.Request) -> str | None:
    """Return the token in the header or in a form body (RFC 6750, sections 2.1 and 2.2)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token
    if request.content_type != "application/x-www-form-urlencoded":
        return None
    field = (await request.post()).get("access_token")
    return field if isinstance(field, str) else None


def _append(log: list[_Logged], request: _Logged) -> None:
    log.append(request)
    del log[:-_LOG_LIMIT]


def _error_response(fault: Fault) -> web.Response:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return web.Response(status=fault.status, text="a fault of the sandbox", headers=headers)


def _unauthorized(error: str = "", description: str = "") -> web.Response:
    challenge = 'Bearer realm="Users"'
    if error:
        challenge += f', error="{error}", error_description="{description}"'
    return web.Response(status=401, text="Unauthorized", headers={"WWW-Authenticate": challenge})


def _insufficient_scope() -> web.Response:
    challenge = (
        'Bearer realm="Users", error="insufficient_scope",'
        ' error_description="The access token lacks the scope openid", scope="openid"'
    )
    return web.Response(status=403, text="Forbidden", headers={"WWW-Authenticate": challenge})


def _limits(usage: Usage) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(usage.limit),
        "X-RateLimit-Remaining": str(usage.remaining),
        "X-RateLimit-Reset": str(usage.reset),
    }


def _bad_request(description: str) -> web.Response:
    return _error(400, "invalid_request", description)


def _error(status: int, error: str, description: str) -> web.Response:
    return web.json_response({"error": error, "error_description": description}, status=status)
