"""ExchangedToken, the result of `exchange_token` (RFC 8693, section 2.2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

from .. import Actor
from ..operations import ArgumentError, DecodeError, Response, Secret, read_json

__all__ = ["ExchangedToken", "read_exchanged_token"]


@final
class ExchangedToken:
    """An issued token and its properties. Its repr shows nothing, and it can't be pickled.

    Args:
        members: the members of the response, which are checked.

    Raises:
        DecodeError: there is no token, or its type is missing.

    Example::

        exchange = exchange_token(token, audience="https://api.example", client=client)
        exchanged = users.call(exchange)
        headers = {"Authorization": f"Bearer {exchanged.access_token}"}

    Source: RFC 8693, section 2.2.1.
    """

    __slots__ = ("_members",)

    def __init__(self, members: Mapping[str, Any]) -> None:
        sealed = Secret(members)
        del members
        self._members = Secret(dict(sealed.reveal()))
        for name in ("access_token", "issued_token_type"):
            if not self._text(name):
                raise DecodeError(
                    f"the response has no {name}: it is not one of a token exchange"
                    " (RFC 8693, section 2.2.1)"
                )

    @property
    def token(self) -> str:
        """The issued token, of whatever type. It is a credential."""
        return str(self._members.reveal()["access_token"])

    @property
    def access_token(self) -> str:
        """The issued token, if it can be sent as a bearer token.

        Raises:
            ArgumentError: its ``token_type`` is not "Bearer". "N_A" means that it isn't an access
                token.
        """
        if (self.token_type or "").lower() != "bearer":
            raise ArgumentError(
                "the issued token is not a bearer token: see token_type and issued_token_type, and"
                " use .token for what it is"
            )
        return self.token

    @property
    def issued_token_type(self) -> str:
        """The type of the token, a URI.

        For example, ``urn:ietf:params:oauth:token-type:access_token``.
        """
        return str(self._members.reveal()["issued_token_type"])

    @property
    def token_type(self) -> str | None:
        """How to send an access token, "Bearer", "DPoP" or "N_A"; None if the server doesn't say.

        The RFC requires it, but Auth0 omits it for a session transfer token.
        """
        return self._text("token_type")

    @property
    def expires_in(self) -> float | None:
        """The lifetime of the token in seconds, counted from when it was issued, or None."""
        value = self._members.reveal().get("expires_in")
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
            return int(value)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    @property
    def scope(self) -> str | None:
        """The scopes of the token, separated by spaces; None if they are the requested ones."""
        return self._text("scope")

    @property
    def refresh_token(self) -> str | None:
        """A refresh token, or None. It is a credential."""
        return self._text("refresh_token")

    @property
    def actor(self) -> Actor | None:
        """Who acts for the user, if the response says so.

        Most providers put this only into the token: see `introspect_token`.
        """
        return Actor.of(self._members.reveal())

    def _text(self, name: str) -> str | None:
        value: Secret[Any] = Secret(self._members.reveal().get(name))  # It may be a token.
        is_text = isinstance(value.reveal(), str) and bool(value.reveal().strip())
        return value.reveal() if is_text else None

    def __repr__(self) -> str:
        return "<ExchangedToken>"


def read_exchanged_token(response: Response) -> ExchangedToken:
    """Return the token in a response.

    Raises:
        DecodeError: there is none, or its type is missing.
    """
    return ExchangedToken(read_json(response))
