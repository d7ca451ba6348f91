"""The operation ``get_info``.

Source: Auth0 Authentication API, "Get User Info"; OpenID Connect Core 1.0, section 5.3; for the
messages about a token, node-auth0's ``auth.UsersManager``.
"""

from __future__ import annotations

from functools import partial

from .._values.credential import Bearer
from .._values.response import Response
from .._values.token import Secret, Token, explain_invalid_token
from .._values.userinfo import UserInfo
from .._values.validation import validate_text
from ..errors import ArgumentError, InvalidTokenError, SubjectMismatchError
from .decoding import read_profile
from .operation import Method, Operation
from .provider import USERINFO_ENDPOINT

__all__ = ["GET_INFO", "get_info", "get_info_by", "parse_access_token"]

GET_INFO = "get_info"
_METHODS: tuple[Method, ...] = ("GET", "POST")
_OPERATIONS = [
    Operation(
        GET_INFO,
        method,
        path="/userinfo",
        endpoint=USERINFO_ENDPOINT,
        read=read_profile,
        idempotent=True,
    )
    for method in _METHODS
]


def get_info_by(method: object) -> Operation[UserInfo]:
    """Return ``get_info`` by a method (OpenID Connect Core, section 5.3.1), without a token.

    Raises:
        ArgumentError: the method is neither "GET" nor "POST".
    """
    for operation in _OPERATIONS:
        if method == operation.method:
            return operation
    raise ArgumentError('userinfo_method must be "GET" or "POST"')


def get_info(
    unbound: Operation[UserInfo], access_token: Secret[object], expected_subject: str | None
) -> Operation[UserInfo]:
    """Return ``get_info`` for a token.

    Args:
        unbound: the operation without a token.
        access_token: the token.
        expected_subject: the subject that the profile must have, or None for any.

    Raises:
        ArgumentError: the subject is invalid, or the token is missing or not a str.
        InvalidTokenError: it is a str that can't be a bearer token.
    """
    token = parse_access_token(access_token)
    validate_text("expected_subject", expected_subject)
    read = read_profile if expected_subject is None else partial(_read_expected, expected_subject)
    return unbound._bound(Bearer(token), read)


def parse_access_token(access_token: Secret[object]) -> Token:
    """Return an access token.

    Raises:
        ArgumentError: it is missing, or not a str.
        InvalidTokenError: it is a str that can't be a bearer token.
    """
    if access_token.reveal() is None:
        raise ArgumentError("An access token is required")
    token = Token.parse(access_token)
    if token is None:
        is_text = isinstance(access_token.reveal(), str)
        error_type = InvalidTokenError if is_text else ArgumentError
        raise error_type(f"Invalid access token: {explain_invalid_token(access_token)}")
    return token


def _read_expected(subject: str, response: Response) -> UserInfo:
    profile = read_profile(response)
    if profile.sub != subject:
        raise SubjectMismatchError("the profile has an unexpected subject: do not use it")
    return profile
