"""Answers that are not shared, since only the call that got them may have them.

Such an answer was obtained with another token than the call's, or not by a request of the call: a
plugin inside of the cache has kept it, or got it from another call. Its age and token are unknown.
"""

from __future__ import annotations

from usersmanager import APIError, DecodeError, Request, Response, UsersManagerError
from usersmanager.plugins import Flow, Proceed

__all__ = ["OwnAnswerError", "request_to_share", "unwrapped"]


class OwnAnswerError(Exception):
    """Carry an answer past the calls that wait.

    Args:
        answer: a response, or the error that a plugin inside of the cache has raised about one.
    """

    def __init__(self, answer: Response | UsersManagerError) -> None:
        super().__init__()
        self.answer = answer


def request_to_share(request: Request, proceed: Proceed) -> Flow[Response]:
    """Make a request, and return the response if calls for the same profile may share it.

    Raises:
        OwnAnswerError: they may not.
        Exception: raised by ``proceed``.
    """
    call = request.call
    changes, attempts = call.token_changes, call.attempts
    call.notes.pop("cache", None)  # Of an earlier request of the call.

    def is_own() -> bool:
        is_kept = call.attempts == attempts or call.notes.get("cache", "miss") != "miss"
        return is_kept or call.token_changes != changes

    try:
        response = yield from proceed(request)
    except (APIError, DecodeError) as error:
        if is_own():
            raise OwnAnswerError(error) from None
        raise
    if is_own():
        raise OwnAnswerError(response)
    return response


def unwrapped(flow: Flow[Response]) -> Flow[Response]:
    """Run a flow, and return or raise the answer if there is an OwnAnswerError."""
    try:
        return (yield from flow)
    except OwnAnswerError as own:
        answer = own.answer
    # Not inside the `except` block, which would attach the exception.
    if isinstance(answer, Response):
        return answer
    try:
        raise answer
    finally:
        del answer  # Break the reference cycle.
