"""Visit: a call on its way through the cache."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from usersmanager import Request, Response

from .entry import Entry
from .key import Key, Scope

__all__ = ["Answer", "Outcome", "Visit"]

Outcome: TypeAlias = Literal["hit", "stale", "waited", "refused", "miss"]


class Visit:
    """A call that no entry of this process has answered at once.

    Attributes:
        request: its request.
        key: the key of its token.
        scope: the scope of its request.
        mark: the mark of the key when it came.
        entry: the entry that was found for it, fresh or not, or None.
        outcome: how it ends, in the words of ``call.notes["cache"]``.
    """

    __slots__ = ("entry", "key", "mark", "outcome", "request", "scope")

    def __init__(self, request: Request, key: Key, scope: Scope, mark: object) -> None:
        self.request = request
        self.key = key
        self.scope = scope
        self.mark = mark
        self.entry: Entry | None = None
        self.outcome: Outcome = "miss"


class Answer(NamedTuple):
    """What the call that makes the request shares with those that wait for it."""

    outcome: Outcome
    response: Response
