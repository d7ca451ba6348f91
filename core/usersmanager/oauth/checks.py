"""Check the arguments of this package. No error quotes a value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ..operations import ArgumentError, Secret

__all__ = [
    "check_client",
    "check_client_id",
    "check_optional_text",
    "check_printable",
    "check_token",
    "check_uri",
    "join_scope",
    "list_values",
]

_PRINTABLE = re.compile(r"[\x20-\x7e]+")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[\x21-\x7e]+")


def check_token(name: str, value: Secret[Any]) -> Secret[str]:
    """Return a sealed token.

    Raises:
        ArgumentError: it is not a non-empty str.
    """
    # A caller may have sealed it, too.
    token: Secret[Any] = value.reveal() if isinstance(value.reveal(), Secret) else value
    if not isinstance(token.reveal(), str) or not token.reveal().strip():
        raise ArgumentError(f"{name} must be a non-empty str")
    return token


def check_printable(name: str, value: Secret[Any]) -> Secret[str]:
    """Return the sealed id or secret of a client (RFC 6749, appendix A).

    Raises:
        ArgumentError: it is not a non-empty str of printable ASCII.
    """
    text = check_token(name, value)
    if not _PRINTABLE.fullmatch(text.reveal()):
        raise ArgumentError(f"{name} must be printable ASCII")
    return text


def check_client_id(value: object) -> str:
    """Return the id of a client.

    Raises:
        ArgumentError: it is not a non-empty str of printable ASCII.
    """
    return check_printable("client_id", Secret(value)).reveal()


def check_uri(name: str, value: object) -> None:
    """Check the type of a token (RFC 8693, section 3), or a resource.

    Raises:
        ArgumentError: it is not a URI.
    """
    if not isinstance(value, str) or not _URI.fullmatch(value):
        raise ArgumentError(
            f"{name} must be a URI, such as urn:ietf:params:oauth:token-type:access_token"
        )


def check_client(client: Secret[Any]) -> None:
    """Check the credential of a client, which may be a secret by mistake.

    Raises:
        ArgumentError: it is not a credential.
    """
    if not callable(getattr(client.reveal(), "authorize", None)):
        raise ArgumentError("client must be a credential, such as ClientSecretBasic(id, secret)")


def list_values(name: str, value: str | Sequence[str]) -> list[str]:
    """Return the values of a field that may be repeated.

    Raises:
        ArgumentError: it is neither a str nor a sequence of non-empty str.
    """
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, Sequence) or isinstance(values, bytes):
        raise ArgumentError(f"{name} must be a str or a sequence of them")
    if not all(isinstance(item, str) and item.strip() for item in values):
        raise ArgumentError(f"{name} must contain only non-empty str")
    return list(values)


def join_scope(scope: str | Sequence[str]) -> str | None:
    """Return scopes as one field (RFC 6749, section 3.3), or None if there are none."""
    return " ".join(list_values("scope", scope)) or None


def check_optional_text(name: str, value: object) -> None:
    """Check a text that may be missing.

    Raises:
        ArgumentError: it is neither None nor a non-empty str.
    """
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise ArgumentError(f"{name} must be None or a non-empty str")
