"""Entry: a cached profile, and how long it may be used."""

from __future__ import annotations

import json
import math
from typing import Any, Final

from usersmanager import Request, Response, UserInfo, UsersManagerError
from usersmanager.plugins import Secret, read

from . import lifetime
from .clock import Instant
from .key import Scope

__all__ = ["MAX_BODY", "Entry", "entry_for"]

MAX_BODY: Final = 64 * 1024
_MAX_SKEW = 5.0  # Seconds by which the clock of another machine may be ahead.


class Entry:
    """A profile, as a response, and how long it may be used.

    Args:
        scope: the scope of the request.
        response: the response, with no field but its type.
        asked: the moment before the request. The age is counted from it.
        fresh: the age, in seconds, up to which the entry answers.
        end: the age at which the token ends; infinity if that is unknown.
    """

    __slots__ = ("asked", "end", "fresh", "response", "scope")

    def __init__(
        self, scope: Scope, response: Response, *, asked: Instant, fresh: float, end: float
    ) -> None:
        self.scope = scope
        self.response = response
        self.asked = asked
        self.fresh = fresh
        self.end = end

    def is_fresh(self, now: Instant) -> bool:
        """Return whether the entry answers."""
        return self.asked.age(now) < self.fresh

    def is_usable(self, now: Instant, stale_if_error: float) -> bool:
        """Return whether the entry answers if the provider does not."""
        return self.asked.age(now) < self.lifetime(stale_if_error)

    def lifetime(self, stale_if_error: float) -> float:
        """Return the age up to which the entry may answer at all."""
        return min(self.fresh + stale_if_error, self.end)

    def encode(self) -> bytes:
        """Return the entry as bytes, for a shared store."""
        head = [
            self.scope,
            self.response.headers["Content-Type"],
            self.asked.wall,
            self.fresh,
            None if math.isinf(self.end) else self.end,
        ]
        return json.dumps(head).encode() + b"\n" + self.response.body

    @classmethod
    def decode(cls, content: Secret[bytes], now: Instant) -> Entry | None:
        """Return the entry in some bytes, or None if it is malformed or from the future."""
        try:
            # Sealed: a traceback shows local variables.
            head = Secret(json.loads(content.reveal().partition(b"\n")[0]))
            kind, asked, fresh, end = head.reveal()[1:]
            age = now.wall - float(asked)
            entry = cls(
                _parse_scope(head),
                Response(200, {"Content-Type": kind}, content.reveal().partition(b"\n")[2]),
                # The monotonic clock of another process means nothing here.
                asked=Instant(now.monotonic - max(0.0, age), float(asked)),
                fresh=float(fresh),
                end=math.inf if end is None else float(end),
            )
        except (LookupError, ValueError, TypeError, ArithmeticError, RecursionError):
            return None
        return entry if age >= -_MAX_SKEW else None


def _parse_scope(head: Secret[Any]) -> Scope:
    operation, method, url, scheme, _, _ = head.reveal()[0]
    return Scope(operation, method, url, scheme, *(_pairs(head, index) for index in (4, 5)))


def _pairs(head: Secret[Any], index: int) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in head.reveal()[0][index])


def entry_for(
    request: Request, response: Response, scope: Scope, asked: Instant, max_age: float
) -> Entry | None:
    """Return the entry for a response, or None if it must not be kept."""
    if response.status != 200 or len(response.body) > MAX_BODY:
        return None
    end = _seconds_left(request, response, asked)
    if end is None:
        return None
    fresh = min(max_age, end) * lifetime.jitter()
    if fresh <= 0:
        return None
    kept = Response(200, {"Content-Type": response.headers["Content-Type"]}, response.body)
    return Entry(scope, kept, asked=asked, fresh=fresh, end=end)


def _seconds_left(request: Request, response: Response, asked: Instant) -> float | None:
    """Return the seconds until the token or the profile ends; None if there is no profile."""
    try:
        # Sealed: a traceback shows local variables, and an interruption may come at any line.
        profile = Secret(read(request, response))
    except UsersManagerError:
        return None
    if not isinstance(profile.reveal(), UserInfo):
        return None
    return lifetime.seconds_left(request.token, profile, response, asked)
