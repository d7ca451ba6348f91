"""The request that introspection and revocation share: a token, a hint, and a client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ..operations import Operation, Response, Secret
from .checks import check_client, check_optional_text, check_token

__all__ = ["token_operation"]

T = TypeVar("T")


def token_operation(
    name: str,
    token: Secret[Any],
    token_type_hint: str | None,
    client: Secret[Any],
    *,
    endpoint: str,
    path: str | None = None,
    read: Callable[[Response], T],
) -> Operation[T]:
    """Return an operation on a token (RFC 7009, section 2.1; RFC 7662, section 2.1).

    Args:
        name: the name of the operation.
        token: the token.
        token_type_hint: the type of the token, or None.
        client: the credential of the client.
        endpoint: the name of the endpoint in the metadata of the provider.
        path: the path below the base URL if the manager has no metadata, or None.
        read: reads the result in a response.

    Raises:
        ArgumentError: an argument is invalid.
    """
    check_client(client)
    check_optional_text("token_type_hint", token_type_hint)
    return Operation(
        name,
        "POST",
        endpoint=endpoint,
        path=path,
        form={"token": check_token("token", token), "token_type_hint": token_type_hint},
        credential=client.reveal(),
        read=read,
        idempotent=True,
    )
