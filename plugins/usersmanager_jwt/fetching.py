"""Fetch the keys of a provider: the plugin's own request."""

from __future__ import annotations

from usersmanager import (
    APIError,
    ArgumentError,
    DecodeError,
    ProviderUnavailableError,
    Request,
    Response,
    UsersManagerError,
)
from usersmanager.operations import Operation, read_json
from usersmanager.plugins import Flow, Proceed, call

from .key_set import KeySet, parse_public_keys

__all__ = ["fetch_keys"]


def _read_keys(response: Response) -> KeySet:
    keys = parse_public_keys(read_json(response))
    if isinstance(keys, str):
        raise DecodeError(f"the keys {keys}")
    return keys


# RFC 7517, section 8.5.2, has a media type of its own.
_FETCH_KEYS = Operation(
    "fetch_keys",
    "GET",
    endpoint="jwks_uri",
    accept="application/jwk-set+json, application/json",
    read=_read_keys,
)


def fetch_keys(request: Request, proceed: Proceed) -> Flow[KeySet]:
    """Return the keys of the provider of a request.

    Raises:
        ProviderUnavailableError: no complete response arrived, or a 429 or 5xx.
        DecodeError: the provider does not publish valid keys.
    """
    try:
        return (yield from call(_FETCH_KEYS, request, proceed))
    except (APIError, ArgumentError, DecodeError) as error:
        # Not the error itself: a 401 for the keys must not become the end user's.
        failure = _failure(error)
    # Not inside the `except` block, which would attach the error.
    try:
        raise failure
    finally:
        del failure  # Break the reference cycle.


def _failure(error: UsersManagerError) -> ProviderUnavailableError | DecodeError:
    reason = f"the keys of the provider can't be fetched: {error}"
    if isinstance(error, ProviderUnavailableError):
        return ProviderUnavailableError(reason, retry_after=error.retry_after)
    return DecodeError(reason)
