"""The operation `introspect_token`, and its result (RFC 7662)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, final

from .. import Actor
from ..operations import Credential, DecodeError, Operation, Response, Secret, read_json
from .token_operation import token_operation

__all__ = ["Introspection", "introspect_token"]


@final
class Introspection(Mapping[str, Any]):
    """What the server says about a token. It is truthy if the token is active, and falsy if not.

    The keys are the members of the response, such as ``scope`` and ``client_id``. For an inactive
    token, only ``active`` is kept. The repr contains the subject and the names of the members, but
    not their values.

    Args:
        members: the members of the response.

    Raises:
        DecodeError: ``active`` is not a boolean.

    Example::

        info = users.call(introspect_token(token, client=client))
        if info:
            print(info.sub, info.get("scope"))

    Source: RFC 7662, section 2.2.
    """

    __slots__ = ("_members",)

    def __init__(self, members: Mapping[str, Any]) -> None:
        # Sealed, as an error would otherwise show the members in its traceback.
        sealed = Secret(members)
        del members
        self._members: Secret[dict[str, Any]] = Secret({"active": False})
        if sealed.reveal().get("active") is True:
            self._members = Secret(dict(sealed.reveal()))
        if not isinstance(sealed.reveal().get("active"), bool):
            raise DecodeError(
                "the response has no boolean member active: it is not one of token introspection"
                " (RFC 7662, section 2.2)"
            )

    @property
    def active(self) -> bool:
        """Whether the token was issued by this server, and is neither expired nor revoked."""
        return self._members.reveal()["active"] is True

    @property
    def sub(self) -> str | None:
        """The subject, usually the user who authorized the token; None if it is missing."""
        value = self.get("sub")
        return value if isinstance(value, str) else None

    @property
    def exp(self) -> float | None:
        """When the token expires, in seconds since the epoch; None if it is missing."""
        value = self.get("exp")
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    @property
    def actor(self) -> Actor | None:
        """Who acts for the subject (RFC 8693, section 4.1), or None."""
        return Actor.of(self)

    def __bool__(self) -> bool:
        return self.active

    def __getitem__(self, name: str) -> Any:
        return self._members.reveal()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._members.reveal())

    def __len__(self) -> int:
        return len(self._members.reveal())

    def __repr__(self) -> str:
        names = sorted(name for name in self if name not in ("active", "sub"))
        return f"<Introspection active={self.active} sub={self.sub!r} members={names}>"


def introspect_token(
    token: str | Secret[str], token_type_hint: str | None = None, *, client: Credential
) -> Operation[Introspection]:
    """Return the operation that asks the server whether a token is valid.

    It sends a POST to the provider's ``introspection_endpoint``, and is retried like a GET. The
    manager must know the endpoint: use `UsersManager.from_issuer`, or pass
    ``endpoints={"introspection_endpoint": url}``.

    Args:
        token: the token, an access token or a refresh token.
        token_type_hint: "access_token", "refresh_token" or None. It helps some servers to find
            the token.
        client: the credential of your client or API, such as `ClientSecretBasic`.

    Returns:
        The operation, for `UsersManager.call`. Test its result with ``if``, since an unknown or
        expired token is not an error. An `UnauthorizedError` concerns ``client``, not the token.

    Raises:
        ArgumentError: an argument is invalid.

    Example::

        if users.call(introspect_token(token, client=client)): ...

    Source: RFC 7662, sections 2.1 and 2.2.
    """
    sealed, credential = Secret(token), Secret(client)
    del token, client
    return token_operation(
        "introspect_token",
        sealed,
        token_type_hint,
        credential,
        endpoint="introspection_endpoint",
        read=_read_introspection,
    )


def _read_introspection(response: Response) -> Introspection:
    return Introspection(read_json(response))
