"""The operation `exchange_token` (RFC 8693)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ..operations import ArgumentError, Credential, Operation, Secret
from .checks import check_client, check_token, check_uri, join_scope, list_values
from .exchanged_token import ExchangedToken, read_exchanged_token

__all__ = ["exchange_token"]

_ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"
_GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
# The arguments of `exchange_token` and the fields of clients.
_KNOWN: Final = frozenset(
    {
        "actor_token",
        "actor_token_type",
        "audience",
        "client_assertion",
        "client_assertion_type",
        "client_id",
        "client_secret",
        "grant_type",
        "requested_token_type",
        "resource",
        "scope",
        "subject_token",
        "subject_token_type",
    }
)


def exchange_token(
    subject_token: str | Secret[str],
    subject_token_type: str = _ACCESS_TOKEN,
    *,
    actor_token: str | Secret[str] | None = None,
    actor_token_type: str | None = None,
    requested_token_type: str | None = None,
    audience: str | Sequence[str] = (),
    resource: str | Sequence[str] = (),
    scope: str | Sequence[str] = (),
    extra: Mapping[str, str | Secret[str] | Sequence[str | Secret[str]] | None] | None = None,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    client: Credential,
) -> Operation[ExchangedToken]:
    """Return the operation that exchanges a token for another one.

    It sends a POST to the provider's ``token_endpoint``, or else to ``{base_url}/oauth/token``. It
    is retried only after a 429, or if the request was definitely not sent.

    Args:
        subject_token: a token of the user whom the new token is for.
        subject_token_type: the type of the subject token, a URI; an access token by default.
        actor_token: a token of the party who will act for the user, or None.
        actor_token_type: the type of the actor token, a URI; required with ``actor_token``.
        requested_token_type: the type of token to issue, a URI; None lets the server decide.
        audience: the name of the service that the new token is for, or several.
        resource: the URI of that service, or several, without fragments.
        scope: the scopes of the new token, as a sequence or separated by spaces.
        extra: provider-specific fields, such as ``organization`` or ``requested_subject``.
            Wrap a value that must stay secret in a Secret.
        headers: header fields, such as Auth0's ``auth0-forwarded-for``.
        client: the credential of your client, such as `ClientSecretBasic`.

    Returns:
        The operation, for `UsersManager.call`. If the server refuses, the `APIError` has its error
        code, such as "invalid_grant" or "invalid_target".

    Raises:
        ArgumentError: an argument is invalid, or can't be combined with another one.

    Example::

        exchange = exchange_token(token, audience="https://orders.example", client=client)
        order_token = users.call(exchange).access_token

    Source: RFC 8693, sections 2.1 and 2.2.
    """
    subject, actor, sealed_headers = Secret(subject_token), Secret(actor_token), Secret(headers)
    sealed_extra: Secret[Any] = Secret(extra)
    credential = Secret(client)
    del subject_token, actor_token, headers, extra, client
    check_client(credential)
    check_uri("subject_token_type", subject_token_type)
    _check_optional_uri("requested_token_type", requested_token_type)
    return Operation(
        "exchange_token",
        "POST",
        path="/oauth/token",
        endpoint="token_endpoint",
        form={
            "grant_type": _GRANT_TYPE,
            "subject_token": check_token("subject_token", subject),
            "subject_token_type": subject_token_type,
            **_actor_fields(actor, actor_token_type),
            "requested_token_type": requested_token_type,
            "audience": list_values("audience", audience),
            "resource": _resources(resource),
            "scope": join_scope(scope),
            **_checked_extra(sealed_extra),
        },
        headers=sealed_headers.reveal(),
        credential=credential.reveal(),
        read=read_exchanged_token,
        idempotent=False,
    )


def _actor_fields(token: Secret[Any], token_type: str | None) -> dict[str, str | Secret[str]]:
    if token.reveal() is None and token_type is None:
        return {}
    if token.reveal() is None or token_type is None:
        raise ArgumentError("actor_token and actor_token_type go together")
    check_uri("actor_token_type", token_type)
    return {"actor_token": check_token("actor_token", token), "actor_token_type": token_type}


def _check_optional_uri(name: str, value: str | None) -> None:
    if value is not None:
        check_uri(name, value)


def _resources(resource: str | Sequence[str]) -> list[str]:
    resources = list_values("resource", resource)
    for value in resources:
        check_uri("resource", value)
    if any("#" in value for value in resources):
        raise ArgumentError("resource must not contain a fragment ('#')")
    return resources


def _checked_extra(extra: Secret[Any]) -> dict[str, Any]:
    if extra.reveal() is None:
        return {}
    if not isinstance(extra.reveal(), Mapping):
        raise ArgumentError("extra must be a mapping of names and values")
    known = sorted(name for name in extra.reveal() if name in _KNOWN)
    if known:
        raise ArgumentError(f"extra must not contain {known[0]}: pass it as an argument")
    return dict(extra.reveal())
