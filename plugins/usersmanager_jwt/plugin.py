"""The jwt plugin: its settings and its hook."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from usersmanager import ArgumentError, DecodeError, PluginError, Request, Response
from usersmanager.plugins import Flow, Proceed, Secret, StaticHeaders, hookimpl, validate_seconds

from .algorithms import check_algorithms
from .claims import Expected
from .fetching import fetch_keys
from .key_set import parse_decryption_keys
from .provider_keys import ProviderKeys
from .verification import Keys, verify

__all__ = ["JwtUserInfo"]

_ACCEPT: Final = StaticHeaders({"Accept": "application/jwt, application/json;q=0.1"})
_NEEDS_METADATA: Final = (
    "JwtUserInfo needs the metadata of the provider: make the manager with"
    ' from_issuer(issuer, plugins=[JwtUserInfo("my-app")])'
)
_NOT_SIGNED: Final = (
    "is not signed: set userinfo_signed_response_alg of your client at the provider, or remove"
    " JwtUserInfo"
)
# They describe the body that was sent.
_REPLACED: Final = frozenset({"content-type", "content-length", "content-encoding"})


class JwtUserInfo:
    """Accept only profiles that the provider has signed (OpenID Connect Core, section 5.3.2).

    A signed profile is verified with the keys that the provider publishes, and must be from its
    issuer and for this client. An encrypted one is decrypted first. A profile that is not signed is
    refused. See "Signed profiles" in the documentation for what a signed profile proves.

    The manager must know the metadata of its provider: make it with `UsersManager.from_issuer`. The
    plugin is required: with USERSMANAGER_DISABLE=jwt, making the manager raises a `PluginError`.

    Args:
        client_id: the id of your client at the provider, which must be in ``aud``.
        algorithms: the algorithms that a signature may have: RS256, RS384, RS512, PS256, PS384,
            PS512, ES256, ES384 or ES512.
        decryption_keys: a JWK set (RFC 7517) with your private keys, such as
            ``{"keys": [{"kty": "RSA", ...}]}``; or None if profiles are not encrypted.
        leeway: the seconds by which the clocks may differ, 0 or more, for ``exp`` and ``nbf``.

    Raises:
        ArgumentError: an argument is invalid.
        MissingExtraError: joserfc is not installed (extra ``jwt``); raised by the import.

    Example::

        with UsersManager.from_issuer(issuer, plugins=[JwtUserInfo("my-app")]) as users:
            users.get_info(access_token)
    """

    name = "jwt"
    required = True

    def __init__(
        self,
        client_id: str,
        *,
        algorithms: Sequence[str] = ("RS256", "ES256", "PS256"),
        decryption_keys: Mapping[str, Any] | None = None,
        leeway: float = 60.0,
    ) -> None:
        sealed = Secret(decryption_keys)
        del decryption_keys  # A traceback shows local variables.
        if not isinstance(client_id, str) or not client_id.strip():
            raise ArgumentError('client_id must be the id of your client, such as "my-app"')
        self._client_id = client_id
        self._algorithms = check_algorithms(algorithms)
        self._leeway = validate_seconds("leeway", leeway, may_be_zero=True)
        self._decryption_keys = None if sealed.reveal() is None else parse_decryption_keys(sealed)
        self._known = ProviderKeys()

    @hookimpl
    def usersmanager_variant(self, request: Request) -> str:
        """Return by which provider and for which client a profile has been verified."""
        # A subclass may verify something else.
        kind = f"{type(self).__module__}.{type(self).__qualname__}"
        source = _source_of_keys(request)
        return json.dumps([kind, source, self._client_id, self._algorithms, self._leeway])

    @hookimpl(trylast=True)
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        """Verify the profile in a response, and return it as JSON."""
        if request.operation != "get_info":
            return (yield from proceed(request))
        provider = request.provider
        if provider is None:
            raise PluginError(_NEEDS_METADATA)
        response = yield from proceed(request.with_headers(_ACCEPT))
        if not 200 <= response.status < 300:
            return response
        payload = yield from self._verify(request, proceed, response, provider)
        if isinstance(payload, str):
            request.call.notes["jwt"] = f"the profile {payload}"
            raise DecodeError(f"the profile {payload}")
        request.call.notes["jwt"] = "verified"
        return _with_profile(response, payload)

    def _verify(
        self, request: Request, proceed: Proceed, response: Response, provider: Mapping[str, Any]
    ) -> Flow[Secret[bytes] | str]:
        """Return the verified payload of a response, or why it is refused."""
        token = _token_in(response)
        if token is None:
            return _NOT_SIGNED
        keys = Keys(
            self._algorithms,
            self._decryption_keys,
            self._known,
            _source_of_keys(request),
            lambda: fetch_keys(request, proceed),
        )
        expected = Expected(provider["issuer"], self._client_id, self._leeway)
        return (yield from verify(token, keys, expected))


# Sealed here, not in a statement that may raise: error reporters evaluate what such a statement
# names, `response.body` for example.
def _token_in(response: Response) -> Secret[bytes] | None:
    """Return the JWT in a response, or None if it is sent as anything else."""
    types = response.headers.getall("Content-Type", [])
    if len(types) == 1 and types[0].partition(";")[0].strip().lower() == "application/jwt":
        return Secret(response.body)
    return None


def _source_of_keys(request: Request) -> tuple[str | None, str | None]:
    """Return whose keys are fetched, and where: managers of one provider may differ in that."""
    return (request.provider or {}).get("issuer"), request.call.endpoint("jwks_uri")


def _with_profile(response: Response, payload: Secret[bytes]) -> Response:
    fields = [field for field in response.headers.items() if field[0].lower() not in _REPLACED]
    fields.append(("Content-Type", "application/json"))
    return Response(response.status, fields, payload.reveal())
