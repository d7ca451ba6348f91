"""Helpers for APIs that accept access tokens: read the request, and answer an error.

They work with any web framework: they take and return plain values.
"""

from __future__ import annotations

import math
import re
from typing import Any, Literal, NamedTuple, overload

from ._operations.get_info import GET_INFO, parse_access_token
from ._values.challenge import format_bearer_challenge
from ._values.token import Secret
from .errors import (
    APIError,
    ArgumentError,
    DecodeError,
    ForbiddenError,
    InvalidTokenError,
    MissingTokenError,
    ProviderUnavailableError,
    SubjectMismatchError,
    UnauthorizedError,
)

__all__ = ["ErrorResponse", "bearer_token", "error_response"]

# RFC 9110, sections 5.5 and 11.4: whitespace around a field value is not part of it, and one or
# more spaces follow the scheme, which is case-insensitive.
_SCHEME = re.compile(r"[ \t]*bearer(?!\S) *", re.IGNORECASE)

_DEFAULT_RETRY_AFTER = 5
_MAX_RETRY_AFTER = 999_999_999


class ErrorResponse(NamedTuple):
    """What an API answers after an error.

    Attributes:
        status: the HTTP status: 401, 403, 502 or 503.
        detail: a fixed text for the body.
        headers: ``WWW-Authenticate`` or ``Retry-After``, or neither.
    """

    status: int
    detail: str
    headers: dict[str, str]


@overload
def bearer_token(authorization: str | None, *, required: Literal[True] = True) -> str: ...


@overload
def bearer_token(authorization: str | None, *, required: bool) -> str | None: ...


def bearer_token(authorization: str | None, *, required: bool = True) -> str | None:
    """Return the access token in the Authorization header of a request to your API.

    Args:
        authorization: the value of the header as a str, or None if there is none. Decode bytes as
            Latin-1, as web frameworks do.
        required: whether a request without a token is an error.

    Returns:
        The token, which ``get_info`` accepts. None if there is no token and ``required`` is False.

    Raises:
        MissingTokenError: ``required`` is True, and there is no header or it has another scheme.
        InvalidTokenError: the scheme is Bearer, but what follows is not a token, even if
            ``required`` is False.
        ArgumentError: ``authorization`` is neither a str nor None. This is a programming error.

    Example::

        users.get_info(bearer_token(request.headers.get("Authorization")))

    Source: RFC 6750, section 2.1; RFC 9110, section 11.6.2.
    """
    header: Secret[Any] = Secret(authorization)
    del authorization
    if not isinstance(header.reveal(), str | None):
        type_name = type(header.reveal()).__name__
        raise ArgumentError(f"authorization must be a str or None, not {type_name}")
    if not _SCHEME.match(header.reveal() or ""):
        if required:
            # The header is not quoted: a client that forgets the scheme sends its token alone.
            raise MissingTokenError("the request has no bearer token")
        return None
    token: Secret[object] = Secret(_SCHEME.sub("", header.reveal(), count=1).rstrip(" \t"))
    return parse_access_token(token).reveal()


def error_response(error: BaseException, *, realm: str = "api", **parameters: str) -> ErrorResponse:
    """Return what an API answers if `bearer_token` or a call of a manager raised an error.

    - 401 if the caller's token is missing, malformed, refused, or of another subject.
    - 403 if the token lacks a scope.
    - 503 if the provider is unavailable. An outage must not log users out.
    - 502 for any other response of the provider, and if it refused your own credential, in an
      operation other than ``get_info``.

    Args:
        error: the exception. One that no call raised (its ``operation`` is None) counts as one of
            ``get_info``.
        realm: the realm of the challenge, printable ASCII.
        parameters: more parameters of the challenge, printable ASCII, such as ``scope`` (RFC 6750)
            or ``resource_metadata`` (RFC 9728).

    Returns:
        The status, a text and the header fields, in the order that the ``HTTPException`` of
        Starlette and FastAPI takes. Nothing in it comes from the token or the provider, except the
        number in ``Retry-After``.

    Raises:
        ArgumentError: the realm or a parameter can't be in a challenge.
        BaseException: the error itself, if it means a mistake in the program or its configuration:
            a LifecycleError, a PluginError, an ArgumentError other than InvalidTokenError, or an
            error of another library.

    Example::

        try:
            return users.get_info(bearer_token(request.headers.get("Authorization")))
        except UsersManagerError as error:
            raise HTTPException(*error_response(error, scope="openid"))

    Source: RFC 6750, section 3; RFC 9110, sections 10.2.3 and 11.6.1.
    """
    # Checked for every error: otherwise a wrong parameter would show only at the first 401.
    challenge = format_bearer_challenge(realm, parameters)
    if isinstance(error, ProviderUnavailableError):
        headers = {"Retry-After": _whole_seconds(error.retry_after)}
        return ErrorResponse(503, "The identity provider is unavailable", headers)
    refusal = _refusal(error)
    if refusal is not None:
        if refusal.code:
            challenge += f', error="{refusal.code}"'
        return ErrorResponse(refusal.status, refusal.detail, {"WWW-Authenticate": challenge})
    if isinstance(error, APIError | DecodeError):
        return ErrorResponse(502, "Unexpected response of the identity provider", {})
    try:
        raise error
    finally:
        del error  # Break the reference cycle.


class _Refusal(NamedTuple):
    """Why a request is refused; the error code is empty if the challenge has none."""

    status: int
    detail: str
    code: str


_MISSING = _Refusal(401, "An access token is required", "")
_INVALID = _Refusal(401, "The access token is not valid", "invalid_token")
_FORBIDDEN = _Refusal(403, "The access token does not allow this", "")
_INSUFFICIENT_SCOPE = _FORBIDDEN._replace(code="insufficient_scope")


def _refusal(error: BaseException) -> _Refusal | None:
    """Return what is wrong with the caller's token, or None if it is not the problem."""
    if isinstance(error, MissingTokenError):
        return _MISSING
    if isinstance(error, InvalidTokenError | SubjectMismatchError):
        return _INVALID
    if not isinstance(error, APIError) or error.operation not in (None, GET_INFO):
        return None  # Other operations send a credential of our own.
    if isinstance(error, UnauthorizedError):
        return _INVALID
    if isinstance(error, ForbiddenError):
        return _INSUFFICIENT_SCOPE if error.error == _INSUFFICIENT_SCOPE.code else _FORBIDDEN
    return _INVALID if (error.status, error.error) == (400, _INVALID.code) else None


def _whole_seconds(retry_after: float | None) -> str:
    if retry_after is None:
        return str(_DEFAULT_RETRY_AFTER)
    # Bounded, as a plugin may set infinity.
    return str(math.ceil(min(_MAX_RETRY_AFTER, max(0, retry_after))))
