"""Check the arguments of each operation, and encode them for the request.

The messages start with those of node-auth0's `auth.UsersManager`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .._values.suggestions import did_you_mean
from .._values.token import Secret, Token, explain_invalid_token
from .._values.user_ids import encode_path_segment
from ..errors import ArgumentError, InvalidTokenError
from .impersonation_settings import ImpersonationSettings

__all__ = ["Arguments", "SealedSettings", "get_info_arguments", "impersonate_arguments"]


class Arguments:
    """The checked and encoded arguments of one call.

    They are not a tuple, because tools that report local variables show the items of a tuple.

    Attributes:
        token: the token for the Authorization header.
        user_id: the user id as a path segment, or "".
        body: the JSON body, or None.
    """

    __slots__ = ("body", "token", "user_id")

    def __init__(self, token: Token, user_id: str = "", body: bytes | None = None) -> None:
        self.token = token
        self.user_id = user_id
        self.body = body

    def __repr__(self) -> str:
        return "<Arguments>"


def get_info_arguments(access_token: Secret[object]) -> Arguments:
    """Check the argument of ``get_info``.

    Raises:
        ArgumentError: the token is missing, or not a str.
        InvalidTokenError: it is a str that can't be a bearer token.
    """
    if access_token.reveal() is None:
        raise ArgumentError("An access token is required")
    error_type = InvalidTokenError if isinstance(access_token.reveal(), str) else ArgumentError
    return Arguments(_parse_token(access_token, "Invalid access token", error_type))


_SETTINGS = tuple(ImpersonationSettings.__annotations__)


class SealedSettings:
    """Impersonation settings, with the token sealed so that the others may be inspected."""

    __slots__ = ("is_mapping", "known", "token", "unknown")

    def __init__(self, settings: Secret[object]) -> None:
        # No value is in a local variable: a mapping may raise, and a traceback shows them.
        self.is_mapping = isinstance(settings.reveal(), Mapping)
        self.known: dict[str, object] = {}
        self.unknown: list[object] = []
        self.token: Secret[object] = Secret(None)
        for key in _mapping(settings):
            if key == "token":
                self.token = Secret(_mapping(settings)[key])
            elif key in _SETTINGS:
                self.known[key] = _mapping(settings)[key]
            else:
                self.unknown.append(key)


def _mapping(settings: Secret[object]) -> Mapping[Any, object]:
    return settings.reveal() if isinstance(settings.reveal(), Mapping) else {}  # type: ignore[return-value] # Checked in the same expression.


def impersonate_arguments(
    user_id: object, settings: SealedSettings, default_client_id: str | None
) -> Arguments:
    """Check the arguments of ``impersonate``, and encode its body.

    Raises:
        ArgumentError: an argument is missing or of the wrong type, or a setting is unknown.
    """
    segment = encode_path_segment(user_id)
    try:
        # In one expression: a body in a local variable would be in the traceback.
        return Arguments(
            body=_encode_body(settings, default_client_id),
            token=_parse_settings_token(settings.token),
            user_id=segment,
        )
    except ArgumentError as caught:
        error = caught
    # The frames of the functions above hold values of the settings, which may be secrets.
    raise error._without_traceback()


def _encode_body(settings: SealedSettings, default_client_id: str | None) -> bytes:
    if not settings.is_mapping:
        raise ArgumentError("Missing impersonation settings object")
    if settings.unknown:
        raise ArgumentError(
            f"no such impersonation setting{did_you_mean(settings.unknown[0], _SETTINGS)}"
        )
    client_id = _one_of(settings.known, "client_id", "clientId")
    if client_id is not None:
        client_id = _require_text(client_id, "client_id")
    return _to_json(
        {
            "client_id": default_client_id if client_id is None else client_id,
            "impersonator_id": _require_text(
                settings.known.get("impersonator_id"), "impersonator_id"
            ),
            "protocol": _require_text(settings.known.get("protocol"), "protocol"),
            "additionalParameters": _additional_parameters(settings.known),
        }
    )


def _parse_settings_token(token: Secret[object]) -> Token:
    if token.reveal() is not None and not isinstance(token.reveal(), str):
        raise ArgumentError(f"token field is required: {explain_invalid_token(token)}")
    if not str(token.reveal() or "").strip():
        raise ArgumentError("token field is required")
    return _parse_token(token, "token field is not a bearer token")


def _one_of(known: Mapping[str, object], name: str, other_name: str) -> object:
    value, other = known.get(name), known.get(other_name)
    if value is not None and other is not None:
        raise ArgumentError(f"pass {name} or {other_name}, not both")
    return other if value is None else value


def _require_text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ArgumentError(f"{name} field is required")
    return value


def _additional_parameters(known: Mapping[str, object]) -> Mapping[str, object] | None:
    value = _one_of(known, "additional_parameters", "additionalParameters")
    if value is not None and not isinstance(value, Mapping):
        raise ArgumentError("additional_parameters must be a mapping")
    return None if value is None else dict(value)


def _to_json(body: Mapping[str, object]) -> bytes:
    fields = {name: value for name, value in body.items() if value is not None}
    try:
        return json.dumps(fields, allow_nan=False, ensure_ascii=False).encode("utf-8")
    except (TypeError, ValueError, RecursionError):
        pass
    raise ArgumentError("the impersonation settings must be JSON-serializable")


def _parse_token(
    value: Secret[object], message: str, error_type: type[ArgumentError] = ArgumentError
) -> Token:
    token = Token.parse(value)
    if token is None:
        raise error_type(f"{message}: {explain_invalid_token(value)}")
    return token
