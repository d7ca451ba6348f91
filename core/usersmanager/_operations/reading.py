"""Turn the response to a request into the result of its operation, or into its error."""

from __future__ import annotations

from typing import Any, TypeVar

from .._values.messages import Request, Response
from .._values.userinfo import UserInfo
from ..errors import ArgumentError, UsersManagerError
from .specs import SPECS, RequestSpec
from .status import raise_for_status

__all__ = ["read", "read_result"]

Result = TypeVar("Result")


def read_result(spec: RequestSpec[Result], request: Request, response: Response) -> Result:
    """Return the result in a response.

    Raises:
        APIError: the status is an error.
        TransportError: only a proxy sends the status, or it is not a final one.
        DecodeError: the body is not a result of the operation.
    """
    raise_for_status(request, response)
    return spec.read(request, response)


def read(request: Request, response: Response) -> UserInfo | str | dict[str, Any]:
    """Return or raise what the caller gets if this is the response of the call.

    Only ``expected_subject`` is not compared: it is not a part of the request.

    Args:
        request: a request of the call.
        response: the response, of any status.

    Returns:
        The profile (``get_info``), the link (``impersonate``) or the configuration (``discover``).
        Keep the last two in no variable: a link is a credential, and a traceback shows variables.

    Raises:
        APIError: the status is an error, such as `UnauthorizedError` for 401.
        TransportError: only a proxy sends the status (407), or it is not a final one.
        DecodeError: the body is not a result of the operation.
        ArgumentError: the operation of the request is none of the three.

    Example::

        try:
            is_profile = isinstance(read(request, response), UserInfo)
        except UsersManagerError:
            is_profile = False
    """
    spec = SPECS.get(request.operation)
    if spec is None:
        raise ArgumentError(f"unknown operation {request.operation!r} of a request")
    try:
        return read_result(spec, request, response)  # type: ignore[no-any-return] # Of any spec.
    except UsersManagerError as error:
        error.operation, error.origin = request.operation, request.origin
        raise
