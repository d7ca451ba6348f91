"""``call``: a request of a plugin's own, inside a call."""

from __future__ import annotations

from typing import TypeVar

from .._flow.effects import Flow, Proceed
from .._operations.operation import Operation, check_operation
from .._operations.reading import read_result
from .._operations.requests import make_request
from .._values.request import Request
from ..errors import ArgumentError, UsersManagerError

__all__ = ["call"]

Result = TypeVar("Result")


def call(operation: Operation[Result], request: Request, proceed: Proceed) -> Flow[Result]:
    """Perform an operation inside a call, in a flow.

    Its request goes to the server of the call, through the plugins inside this one, before the
    deadline of the call. It has its own attempts, token and notes. It is not a call of the manager:
    `usersmanager_done` is not called for it.

    Args:
        operation: the operation.
        request: a request of the call.
        proceed: the rest of the chain.

    Returns:
        A flow for ``yield from``. It returns the result of the operation, and raises these errors.

    Raises:
        ArgumentError: ``operation`` is not an `Operation`, the server has no usable endpoint for
            it, or the request doesn't come from a manager.
        APIError: the server responded with an error.
        TransportError: no complete response arrived.
        DecodeError: the response is not what the operation expects.

    Example::

        keys = yield from call(fetch_keys(), request, proceed)
    """
    check_operation(operation)
    origin = request.origin
    try:
        site = request.call._site
        if site is None:
            raise ArgumentError("no manager has made the request, so its server is unknown")
        placed = operation._plan.placed_at(site)
        own_request = make_request(operation, placed, request.deadline)
        own_request.call.variant = request.call.variant
        origin = own_request.origin
        response = yield from proceed(own_request)
        return read_result(operation.read, own_request, response)
    except UsersManagerError as error:
        error._add_context(operation.name, origin)
        raise
