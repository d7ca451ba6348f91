"""Failures: what this process remembers of a provider's refusals, to spare it requests."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from usersmanager import Request, Response, UnauthorizedError, UsersManagerError
from usersmanager.plugins import read

from .clock import Instant
from .key import Key, Scope
from .memory import Bounded

__all__ = ["Failure", "Failures"]

_LIMIT: Final = 1_000
_BACK_OFF: Final = 5.0
_MAX_BODY: Final = 8 * 1024
# What the core reads from an error response.
_KEPT = frozenset(
    {
        *("content-type", "date", "retry-after", "www-authenticate"),
        *("x-auth0-requestid", "x-correlation-id", "x-request-id"),
    }
)
_KEPT_PREFIXES = ("ratelimit", "x-ratelimit-", "x-rate-limit-")


class Failure(NamedTuple):
    """A failure that is remembered.

    Attributes:
        scope: the scope of the request.
        since: when it happened.
        quiet: the seconds for which no request is made as long as a stale entry can answer.
        refusal: the seconds for which ``response`` is given in place of any request.
        response: the response, or None.
    """

    scope: Scope
    since: Instant
    quiet: float = 0.0
    refusal: float = 0.0
    response: Response | None = None

    def is_over(self, now: Instant) -> bool:
        """Return whether the failure has no effect any more."""
        return self.since.age(now) >= max(self.quiet, self.refusal)

    def answer(self, now: Instant) -> Response | None:
        """Return the response if it is still to be given, with the rest of its wait."""
        response, age = self.response, self.since.age(now)
        if response is None or age >= self.refusal:
            return None
        if response.retry_after is None:
            return response
        fields = [field for field in response.headers.items() if field[0].lower() != "retry-after"]
        rest = math.ceil(response.retry_after - age)
        return Response(response.status, [*fields, ("Retry-After", str(rest))], response.body)

    def __repr__(self) -> str:
        return f"<Failure {self.response}>"


class Failures:
    """The failures of the last 1,000 keys.

    Args:
        max_age: the longest time, in seconds, for which a 429 is remembered.
        negative_max_age: the time for which a rejected token is remembered.
    """

    def __init__(self, max_age: float, negative_max_age: float) -> None:
        self._max_age = max_age
        self._negative_max_age = negative_max_age
        self._by_key: Bounded[Failure] = Bounded(_LIMIT)

    def find(self, key: Key, scope: Scope, now: Instant) -> Failure | None:
        """Return the failure of a key that still has an effect, or None."""
        failure = self._by_key.get(key)
        if failure is None or failure.scope != scope or failure.is_over(now):
            return None
        return failure

    def learn(
        self, key: Key, scope: Scope, request: Request, response: Response, now: Instant
    ) -> None:
        """Remember a response that refuses further requests, if it does."""
        seconds = self._refusal(request, response)
        if seconds > 0:
            kept = _without_secrets(request, response)
            self._by_key.put(key, Failure(scope, now, refusal=seconds, response=kept))

    def back_off(self, key: Key, scope: Scope, now: Instant) -> None:
        """Make no request for five seconds, because a stale entry has answered."""
        failure = self.find(key, scope, now) or Failure(scope, now)
        quiet = failure.since.age(now) + _BACK_OFF
        self._by_key.put(key, failure._replace(quiet=quiet))

    def forget(self, key: Key) -> None:
        """Forget the failure of a key."""
        self._by_key.pop(key)

    def _refusal(self, request: Request, response: Response) -> float:
        if response.status == 429:
            return min(response.retry_after or 0.0, self._max_age)
        return self._negative_max_age if _is_invalid_token(request, response) else 0.0


def _is_invalid_token(request: Request, response: Response) -> bool:
    if response.status != 401:
        return False
    try:
        read(request, response)
    except UnauthorizedError as error:
        return error.error == "invalid_token"
    except UsersManagerError:
        pass
    return False


def _without_secrets(request: Request, response: Response) -> Response:
    """Return what the core reads from an error, without a token that the server may echo."""
    redact = request.call.redact
    headers = response.headers.items()
    fields = [(name, redact(value)) for name, value in headers if _is_kept(name.lower())]
    if len(response.body) > _MAX_BODY:
        return Response(response.status, fields)
    # Latin-1 maps each byte to one character and back.
    body = redact(response.body.decode("latin-1")).encode("latin-1")
    return Response(response.status, fields, body)


def _is_kept(name: str) -> bool:
    return name in _KEPT or name.startswith(_KEPT_PREFIXES)
