"""Visit: a call on its way through the cache."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from usersmanager import Request, Response

from .entry import Entry
from .key import Key, Scope

__all__ = ["Answer", "Outcome", "OwnAnswerError", "Visit"]

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


class OwnAnswerError(Exception):
    """Carry an answer past the calls that wait, since only the call that got it may have it.

    It was obtained with another token than the call's, or not by a request of the call: a plugin
    inside of the cache has kept it, or got it from another call. Its age and token are unknown.
    """

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response
