"""Actor, who acts for a user: the claim ``act`` (RFC 8693, section 4.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["Actor"]


class Actor(Mapping[str, Any]):
    """Who acts for the subject of a token, such as the agent who is logged in as a user.

    The keys are those of the claim ``act``. Providers may add others, such as Auth0's ``role``. The
    properties return None for what is missing or not a str. The repr contains the subject and the
    names of the claims, but not their values.

    Decide what to allow by the outermost actor alone. Those nested in it only record earlier
    delegations.

    Args:
        claims: the value of the claim.

    Example::

        profile = users.get_info(access_token)
        if profile.actor is not None:
            log.info("%s acts for %s", profile.actor.sub, profile.sub)

    Source: RFC 8693, section 4.1.
    """

    __slots__ = ("_claims",)

    def __init__(self, claims: Mapping[str, Any]) -> None:
        self._claims: dict[str, Any] = {}  # For the repr, should the next line fail.
        self._claims = dict(claims)

    @classmethod
    def of(cls, claims: Mapping[str, Any]) -> Actor | None:
        """Return the actor in the claims of a token or a user, or None."""
        value = claims.get("act")
        return cls(value) if isinstance(value, Mapping) else None

    @property
    def sub(self) -> str | None:
        """The identifier of the actor at its issuer, the claim ``sub``."""
        return self._text("sub")

    @property
    def issuer(self) -> str | None:
        """The issuer of the actor's subject, the claim ``iss``."""
        return self._text("iss")

    @property
    def client_id(self) -> str | None:
        """The id of the client that acts."""
        return self._text("client_id")

    @property
    def actor(self) -> Actor | None:
        """The actor before this one, if the token has been delegated more than once."""
        return Actor.of(self._claims)

    def _text(self, claim: str) -> str | None:
        value = self._claims.get(claim)
        return value if isinstance(value, str) else None

    def __getitem__(self, claim: str) -> Any:
        return self._claims[claim]

    def __iter__(self) -> Iterator[str]:
        return iter(self._claims)

    def __len__(self) -> int:
        return len(self._claims)

    def __bool__(self) -> bool:
        return True  # Even an empty claim says that somebody else acts.

    def __repr__(self) -> str:
        names = sorted(claim for claim in self if claim != "sub")
        return f"<Actor sub={self.sub!r} claims={names}>"
