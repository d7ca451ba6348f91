"""The request specs: what each operation asks, what its arguments may be, how its answer is read.

After node-auth0's `auth.UsersManager`, whose messages for bad arguments are kept.
GET_INFO: Auth0 Authentication API "Get User Info"; OpenID Connect Core, section 5.3.
DISCOVER: OpenID Connect Discovery 1.0, section 4.
IMPERSONATE: Auth0 Authentication API (legacy) "Impersonation".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from .decoding import read_configuration, read_link, read_profile
from ..errors import ArgumentError, DecodeError
from .._values.messages import Response
from .._values.token import Secret, Token, flaw
from .._values.suggestions import did_you_mean
from .._values.urls import Endpoint, is_downgrade, parse_endpoint, encode_path_segment

__all__ = [
    "DISCOVER",
    "GET_INFO",
    "IMPERSONATE",
    "Arguments",
    "RequestSpec",
    "Settings",
    "get_info_arguments",
    "impersonate_arguments",
    "userinfo_endpoint",
]

Result = TypeVar("Result")


class RequestSpec(NamedTuple, Generic[Result]):
    """One operation as data.

    Attributes:
        name: as in errors and logs.
        method: the HTTP method.
        path: below the base URL; `{user_id}` stands for an argument.
        accept: the Accept header.
        idempotent: whether sending it twice does no harm.
        read: what a 2xx response means; raises DecodeError.
    """

    name: str
    method: str
    path: str
    accept: str
    idempotent: bool
    read: Callable[[Response], Result]


GET_INFO = RequestSpec(
    name="get_info",
    method="GET",
    path="/userinfo",
    accept="application/json",
    idempotent=True,
    read=read_profile,
)

IMPERSONATE = RequestSpec(
    name="impersonate",
    method="POST",
    path="/users/{user_id}/impersonate",
    accept="text/plain, */*;q=0.5",
    idempotent=False,
    read=read_link,
)


DISCOVER = RequestSpec(
    name="discover",
    method="GET",
    path="/.well-known/openid-configuration",
    accept="application/json",
    idempotent=True,
    read=read_configuration,
)


def userinfo_endpoint(
    configuration: Mapping[str, Any], issuer: str, *, allow_insecure: bool
) -> Endpoint:
    """Where a provider serves profiles, if the configuration is really its own.

    Raises:
        DecodeError: it is of another issuer (OIDC Discovery, section 4.3), names no usable
            endpoint, or names one that would receive the token in the clear.
    """
    named = configuration.get("issuer")
    if named != issuer:
        spelled = isinstance(named, str) and named.rstrip("/") == issuer.rstrip("/")
        advice = f": it calls itself {named!r}, pass exactly that" if spelled else ""
        raise DecodeError(f"the configuration is of another issuer{advice}")
    endpoint = parse_endpoint(configuration.get("userinfo_endpoint"))
    if endpoint is None:
        raise DecodeError("the provider configuration has no usable userinfo_endpoint")
    if not allow_insecure and is_downgrade(issuer, endpoint):
        raise DecodeError(
            "the userinfo_endpoint in the provider configuration is http, not https: the token"
            " would be sent in the clear (allow_insecure=True permits it)"
        )
    return endpoint


class Arguments:
    """The checked arguments of one call, in the form they are sent in.

    No tuple: who reports an error, with the variables of its frames, looks into tuples.

    Attributes:
        token: goes into the Authorization header.
        user_id: one encoded path segment, or "".
        body: JSON, or None.
    """

    __slots__ = ("body", "token", "user_id")

    def __init__(self, token: Token, user_id: str = "", body: bytes | None = None) -> None:
        self.token = token
        self.user_id = user_id
        self.body = body

    def __repr__(self) -> str:
        return "<Arguments>"


def get_info_arguments(access_token: Secret[object]) -> Arguments:
    """Checks the argument of `get_info`.

    Raises:
        ArgumentError: the token is missing, or not a bearer token (RFC 6750, section 2.1).
    """
    if access_token.reveal() is None:
        raise ArgumentError("An access token is required")
    return Arguments(_token(access_token, "Invalid access token"))


_KNOWN_SETTINGS = (
    "impersonator_id",
    "protocol",
    "client_id",
    "clientId",
    "additional_parameters",
    "additionalParameters",
)


class Settings:
    """Impersonation settings with the token sealed off, so that the rest may be looked at."""

    __slots__ = ("is_mapping", "known", "token", "unknown")

    def __init__(self, settings: Secret[object]) -> None:
        # Not one value in a variable: a mapping may raise, and a traceback shows variables.
        self.is_mapping = isinstance(settings.reveal(), Mapping)
        self.known: dict[str, object] = {}
        self.unknown: list[object] = []
        self.token: Secret[object] = Secret(None)
        for key in _mapping(settings):
            if key == "token":
                self.token = Secret(_mapping(settings)[key])
            elif key in _KNOWN_SETTINGS:
                self.known[key] = _mapping(settings)[key]
            else:
                self.unknown.append(key)


def _mapping(settings: Secret[object]) -> Mapping[Any, object]:
    return settings.reveal() if isinstance(settings.reveal(), Mapping) else {}  # type: ignore[return-value] # It has just been looked at.


def impersonate_arguments(
    user_id: object, settings: Settings, default_client_id: str | None
) -> Arguments:
    """Checks the arguments of `impersonate`, and builds its body.

    Raises:
        ArgumentError: one is missing, of the wrong type, or not a setting at all.
    """
    segment = encode_path_segment(user_id)
    failure: ArgumentError
    try:
        return _checked_arguments(segment, settings, default_client_id)
    except ArgumentError as error:
        failure = error
    # Raised out here: the frames below hold values of the settings, which may be secrets.
    raise failure.bare()


def _checked_arguments(
    segment: str, settings: Settings, default_client_id: str | None
) -> Arguments:
    body = _impersonate_body(settings, default_client_id)
    return Arguments(_settings_token(settings.token), segment, body)


def _impersonate_body(settings: Settings, default_client_id: str | None) -> bytes:
    if not settings.is_mapping:
        raise ArgumentError("Missing impersonation settings object")
    if settings.unknown:
        known = (*_KNOWN_SETTINGS, "token")
        raise ArgumentError(f"no such impersonation setting{did_you_mean(settings.unknown[0], known)}")
    client_id = _either(settings.known, "client_id", "clientId")
    return _json(
        {
            "client_id": default_client_id if client_id is None else _text(client_id, "client_id"),
            "impersonator_id": _text(settings.known.get("impersonator_id"), "impersonator_id"),
            "protocol": _text(settings.known.get("protocol"), "protocol"),
            "additionalParameters": _additional_parameters(settings.known),
        }
    )


def _settings_token(token: Secret[object]) -> Token:
    if token.reveal() is not None and not isinstance(token.reveal(), str):
        raise ArgumentError(f"token field is required: {flaw(token)}")
    if not str(token.reveal() or "").strip():
        raise ArgumentError("token field is required")
    return _token(token, "token field is not a bearer token")


def _either(known: Mapping[str, object], name: str, other_name: str) -> object:
    value, other = known.get(name), known.get(other_name)
    if value is not None and other is not None:
        raise ArgumentError(f"give {name} or {other_name}, not both")
    return other if value is None else value


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ArgumentError(f"{name} field is required")
    return value


def _additional_parameters(known: Mapping[str, object]) -> Mapping[str, object] | None:
    value = _either(known, "additional_parameters", "additionalParameters")
    if value is not None and not isinstance(value, Mapping):
        raise ArgumentError("additional_parameters must be a mapping")
    return None if value is None else dict(value)


def _json(body: Mapping[str, object]) -> bytes:
    given = {name: value for name, value in body.items() if value is not None}
    try:
        return json.dumps(given, allow_nan=False, ensure_ascii=False).encode("utf-8")
    except (TypeError, ValueError, RecursionError):
        pass
    raise ArgumentError("the impersonation settings must be what JSON can hold")


def _token(value: Secret[object], message: str) -> Token:
    token = Token.of(value)
    if token is None:
        raise ArgumentError(f"{message}: {flaw(value)}")
    return token
