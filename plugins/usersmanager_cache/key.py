"""What identifies an entry: a hash of the token, and the rest of the request."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from usersmanager import Request
from usersmanager.plugins import Token

__all__ = ["Key", "Scope", "Scopes", "key_of"]


class Key(bytes):
    """The key of the entries of a token: a hash, from which a shared store derives its secrets."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<Key>"


class Scope(NamedTuple):
    """Everything that decides about a response, except the token.

    Attributes:
        operation: the operation.
        method: the HTTP method.
        url: the URL.
        scheme: the authentication scheme of the token.
        fields: the header fields that the cache sees, without User-Agent.
        variant: what else a response depends on, as the plugins say.
    """

    operation: str
    method: str
    url: str
    scheme: str
    fields: tuple[tuple[str, str], ...]
    variant: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return f"<Scope {self.operation}>"  # A field may be a secret.


def key_of(namespace: str, token: Token) -> Key:
    """Return the key of the entries of a token."""
    # Neither a namespace nor a token contains a NUL.
    return Key(hashlib.sha256(f"{namespace}\0{token.reveal()}".encode()).digest())


class Scopes:
    """The scopes of requests. The last one is remembered: a manager's requests share their headers.

    Threads may share it: what is remembered is replaced as a whole.
    """

    def __init__(self) -> None:
        self._last: tuple[object, Scope] = (None, Scope("", "", "", "", (), ()))

    def of(self, request: Request) -> Scope:
        """Return the scope of a request."""
        headers, scope = self._last
        variant = request.call.variant
        is_same = scope[:4] == _target(request) and scope.variant == variant
        if is_same and headers is request.headers:
            return scope
        scope = Scope(*_target(request), _fields(request), variant)
        self._last = (request.headers, scope)
        return scope


def _target(request: Request) -> tuple[str, str, str, str]:
    return request.operation, request.method, request.url, request.scheme.lower()


def _fields(request: Request) -> tuple[tuple[str, str], ...]:
    # Sorted by name alone: the order of repeated fields has a meaning (RFC 9110, section 5.3).
    return tuple(
        (name.lower(), value)
        for name, value in sorted(request.headers.items(), key=_lower_name)
        if name.lower() != "user-agent"
    )


def _lower_name(field: tuple[str, str]) -> str:
    return field[0].lower()
