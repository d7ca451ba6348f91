"""State and rules of the sandbox: users, tokens, rate limits and impersonation links."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .clients import Clients

__all__ = ["Grant", "Limit", "Tenant", "Usage"]

PROTOCOLS = frozenset({"oauth2", "samlp", "wsfed", "wsfed-rms"})
_PROFILE_CLAIMS = (
    *("name", "family_name", "given_name", "middle_name", "nickname", "preferred_username"),
    *("profile", "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"),
)
_SCOPED_CLAIMS = {
    **dict.fromkeys(_PROFILE_CLAIMS, "profile"),
    **dict.fromkeys(("email", "email_verified"), "email"),
    **dict.fromkeys(("phone_number", "phone_number_verified"), "phone"),
    "address": "address",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """Limit on profile requests per user, as a token bucket. The defaults are Auth0's.

    Attributes:
        per_minute: requests per minute.
        burst: requests at once.
    """

    per_minute: float = 5.0
    burst: int = 10


class Usage(NamedTuple):
    """State of a limit after a request; ``reset`` is in seconds since the epoch."""

    allowed: bool
    limit: int
    remaining: int
    reset: int


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token grants. ``subject`` is empty for an API token.

    An exchanged token also has the client that it was issued to, whom it is for, and who acts.
    """

    subject: str
    scope: frozenset[str]
    expires_at: float
    client_id: str = ""
    audience: tuple[str, ...] = ()
    act: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Tenant:
    """State of a tenant. Times are in seconds since the epoch."""

    clock: Callable[[], float] = time.time
    limit: Limit | None = None
    clients: set[str] = field(default_factory=set)
    oauth_clients: Clients = field(default_factory=Clients)
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    _grants: dict[str, Grant] = field(default_factory=dict)
    _links: dict[str, tuple[str, str]] = field(default_factory=dict)
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)

    def add_user(self, user_id: str, claims: Mapping[str, Any]) -> None:
        """Add or replace a user."""
        self.users[user_id] = {"sub": user_id, **claims}

    def issue(self, subject: str, scope: str, expires_in: float) -> str:
        """Return a new opaque token."""
        return self.add(Grant(subject, frozenset(scope.split()), self.clock() + expires_in))

    def add(self, grant: Grant) -> str:
        """Return a new opaque token with a grant."""
        token = secrets.token_urlsafe(24)
        self._grants[token] = grant
        return token

    def revoke(self, token: str) -> None:
        """Invalidate a token."""
        self._grants.pop(token, None)

    def grant(self, token: str) -> Grant | None:
        """Return the grant of a token, which may have expired."""
        return self._grants.get(token)

    def is_live(self, grant: Grant) -> bool:
        """Return whether a grant has not expired and its user exists."""
        user_exists = not grant.subject or grant.subject in self.users
        return user_exists and self.clock() < grant.expires_at

    def claims(self, grant: Grant) -> dict[str, Any]:
        """Return the claims in the scope of a grant (OIDC Core, section 5.4), and custom claims."""
        claims = {
            claim: value
            for claim, value in self.users[grant.subject].items()
            if _SCOPED_CLAIMS.get(claim) in (None, *grant.scope)
        }
        return claims if grant.act is None else {**claims, "act": grant.act}

    def use(self, subject: str) -> Usage | None:
        """Count a request against the limit of a user; return None if there is no limit."""
        if self.limit is None:
            return None
        now = self.clock()
        level, since = self._buckets.get(subject, (float(self.limit.burst), now))
        per_second = self.limit.per_minute / 60
        level = min(float(self.limit.burst), level + (now - since) * per_second)
        allowed = level >= 1
        level -= 1 if allowed else 0
        self._buckets[subject] = (level, now)
        reset = now + (0 if level >= 1 else (1 - level) / per_second)
        return Usage(allowed, self.limit.burst, int(level), int(reset) + 1)

    def make_link(self, user_id: str, impersonator_id: str) -> str:
        """Return a new one-time ticket for logging in as a user."""
        ticket = secrets.token_urlsafe(16)
        self._links[ticket] = (user_id, impersonator_id)
        return ticket

    def open_link(self, ticket: str) -> tuple[str, str] | None:
        """Use a ticket: return its user and impersonator, or None if it is not valid."""
        return self._links.pop(ticket, None)
