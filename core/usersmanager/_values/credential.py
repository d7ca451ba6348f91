"""Credentials: how a request is authorized."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, final

from .token import Secret, Token

if TYPE_CHECKING:
    from .request import Request

__all__ = ["Bearer", "Credential"]


class Credential(Protocol):
    """Authorizes the requests of an operation.

    Example::

        class ApiKey:
            def __init__(self, key: str) -> None:
                self._key = Secret(key)

            def authorize(self, request: Request) -> Request:
                return request.with_token(self._key, scheme="ApiKey")
    """

    def authorize(self, request: Request) -> Request:
        """Return the request with this credential.

        It is called for each attempt, after the retry and before the plugins of the attempt, and
        must not block. What it raises reaches the caller unchanged, except for StopIteration.
        """
        ...


@final
class Bearer:
    """A bearer token (RFC 6750).

    Unlike other credentials it is applied once, when the request is made: plugins around the call,
    such as a cache, see the token and can replace it.

    Args:
        token: the token: visible ASCII without comma and double quote.

    Attributes:
        token: the token, sealed.

    Raises:
        ArgumentError: it can't be a bearer token.

    Example::

        credential = Bearer(token)
        Operation("list_roles", "GET", path="/roles", credential=credential, read=read_json)
    """

    __slots__ = ("token",)

    def __init__(self, token: str | Secret[str]) -> None:
        sealed = token if isinstance(token, Secret) else Secret(token)
        del token
        self.token: Token = sealed if isinstance(sealed, Token) else Token(sealed)

    def authorize(self, request: Request) -> Request:
        """Return the request with this token."""
        return request.with_token(self.token)

    def __repr__(self) -> str:
        return "<Bearer>"
