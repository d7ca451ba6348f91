"""The operation `revoke_token` (RFC 7009)."""

from __future__ import annotations

from ..operations import Credential, Operation, Response, Secret
from .token_operation import token_operation

__all__ = ["revoke_token"]


def revoke_token(
    token: str | Secret[str], token_type_hint: str | None = None, *, client: Credential
) -> Operation[None]:
    """Return the operation that revokes a token.

    It sends a POST to the provider's ``revocation_endpoint``, or else to
    ``{base_url}/oauth/revoke``. It is retried like a GET, since revoking a token again has no
    effect.

    Args:
        token: the token, usually a refresh token.
        token_type_hint: "access_token", "refresh_token" or None. It helps some servers to find
            the token.
        client: the credential of the client that the token was issued to.

    Returns:
        The operation, for `UsersManager.call`. Its result is None, even if the server doesn't know
        the token. An `APIError` whose ``error`` is "unsupported_token_type" means that the server
        can't revoke tokens of this type.

    Raises:
        ArgumentError: an argument is invalid.

    Example::

        users.call(revoke_token(refresh_token, "refresh_token", client=client))

    Source: RFC 7009, section 2.
    """
    sealed, credential = Secret(token), Secret(client)
    del token, client
    return token_operation(
        "revoke_token",
        sealed,
        token_type_hint,
        credential,
        endpoint="revocation_endpoint",
        path="/oauth/revoke",
        read=_ignore,
    )


def _ignore(_: Response) -> None:
    """Return nothing: the status says everything (RFC 7009, section 2.2)."""
