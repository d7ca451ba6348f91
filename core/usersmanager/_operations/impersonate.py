"""The operation ``impersonate``: its settings, and its request.

Source: Auth0 Authentication API (legacy), "Impersonation"; node-auth0's ``auth.UsersManager``.
Error messages here begin like those of node-auth0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._values.credential import Bearer
from .._values.suggestions import did_you_mean
from .._values.token import Secret, Token, explain_invalid_token
from .._values.user_ids import check_user_id
from ..errors import ArgumentError
from .decoding import read_link
from .impersonation_settings import ImpersonationSettings
from .operation import Operation

__all__ = ["IMPERSONATE", "SealedSettings", "impersonate"]

IMPERSONATE = "impersonate"
_SETTINGS = tuple(ImpersonationSettings.__annotations__)


class SealedSettings:
    """Impersonation settings, with the token sealed so that the others may be inspected."""

    __slots__ = ("is_mapping", "known", "token", "unknown")

    def __init__(self, settings: Secret[Any]) -> None:
        # No value is in a local variable: a mapping may raise, and a traceback shows them.
        self.is_mapping = isinstance(settings.reveal(), Mapping)
        self.known: dict[str, object] = {}
        self.unknown: list[object] = []
        self.token: Secret[object] = Secret(None)
        for key in settings.reveal() if self.is_mapping else ():
            if key == "token":
                self.token = Secret(settings.reveal()[key])
            elif key in _SETTINGS:
                self.known[key] = settings.reveal()[key]
            else:
                self.unknown.append(key)


def impersonate(
    user_id: str, settings: SealedSettings, default_client_id: str | None
) -> Operation[str]:
    """Return ``impersonate`` for a user.

    Raises:
        ArgumentError: an argument is missing or of the wrong type, or a setting is unknown.
    """
    check_user_id(user_id)
    try:
        # In one expression: a body in a local variable would be in the traceback.
        return _operation(
            user_id, _body(settings, default_client_id), _parse_settings_token(settings.token)
        )
    except ArgumentError as caught:
        error = caught
    # The frames of the functions above hold values of the settings, which may be secrets.
    try:
        raise error._without_traceback()
    finally:
        del error  # Break the reference cycle.


def _operation(user_id: str, body: Secret[dict[str, object]], token: Token) -> Operation[str]:
    try:
        return Operation(
            IMPERSONATE,
            "POST",
            path="/users/{user_id}/impersonate",
            arguments={"user_id": user_id},
            accept="text/plain, */*;q=0.5",
            json=body.reveal(),
            credential=Bearer(token),
            read=read_link,
        )
    except ArgumentError:
        pass  # Everything else has been checked.
    raise ArgumentError("the impersonation settings must be JSON-serializable")


def _body(settings: SealedSettings, default_client_id: str | None) -> Secret[dict[str, object]]:
    if not settings.is_mapping:
        raise ArgumentError("Missing impersonation settings object")
    if settings.unknown:
        raise ArgumentError(
            f"no such impersonation setting{did_you_mean(settings.unknown[0], _SETTINGS)}"
        )
    client_id = _one_of(settings.known, "client_id", "clientId")
    if client_id is not None:
        client_id = _require_text(client_id, "client_id")
    fields = {
        "client_id": default_client_id if client_id is None else client_id,
        "impersonator_id": _require_text(settings.known.get("impersonator_id"), "impersonator_id"),
        "protocol": _require_text(settings.known.get("protocol"), "protocol"),
        "additionalParameters": _additional_parameters(settings.known),
    }
    return Secret({name: value for name, value in fields.items() if value is not None})


def _parse_settings_token(token: Secret[object]) -> Token:
    if token.reveal() is not None and not isinstance(token.reveal(), str):
        raise ArgumentError(f"token field is required: {explain_invalid_token(token)}")
    if not str(token.reveal() or "").strip():
        raise ArgumentError("token field is required")
    parsed = Token.parse(token)
    if parsed is None:
        raise ArgumentError(f"token field is not a bearer token: {explain_invalid_token(token)}")
    return parsed


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
