"""Turn the response to a request into the result of its operation, or into its error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from .._values.request import Request
from .._values.response import Response
from ..errors import ArgumentError, DecodeError, UsersManagerError
from .decoding import read_link, read_profile
from .discover import DISCOVER
from .get_info import GET_INFO
from .impersonate import IMPERSONATE
from .provider import read_configuration
from .status import raise_for_status

__all__ = ["read", "read_result"]

Result = TypeVar("Result")

# By name, as a plugin knows an operation; without what only the caller of a manager expects.
_SHIPPED: dict[str, Callable[[Response], Any]] = {
    GET_INFO: read_profile,
    IMPERSONATE: read_link,
    DISCOVER: read_configuration,
}
# A body of another shape than a reader expects. Anything else may be an interruption.
_UNEXPECTED = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    StopIteration,  # It can't pass a generator unchanged.
)


def read_result(
    reader: Callable[[Response], Result], request: Request, response: Response
) -> Result:
    """Return the result in a response.

    Args:
        reader: reads the result in a response with a 2xx status.
        request: a request of the call.
        response: the response, of any status.

    Raises:
        APIError: the status is an error.
        TransportError: only a proxy sends the status, or it is not a final one.
        DecodeError: the body is not a result of the operation.
    """
    raise_for_status(request, response)
    try:
        return reader(response._in_call(request.call))
    except DecodeError as caught:
        error = caught
        if request.operation not in _SHIPPED:  # They have removed the secrets from what they quote.
            _redact(error, request)
    except _UNEXPECTED as caught:
        error = DecodeError(f"the response can't be read: {_describe(caught)}")
    except BaseException as interruption:
        # A signal handler may raise at any line. The readers of programs raise what they like.
        if request.operation in _SHIPPED:
            interruption.__cause__ = interruption.__context__ = None
            interruption = interruption.with_traceback(None)
        raise interruption
    # Not inside the `except` block. The frames of a reader hold what it has read.
    try:
        raise error._without_traceback()
    finally:
        del error  # Break the reference cycle.


def _redact(error: DecodeError, request: Request) -> None:
    """Remove the secrets of a call from an error, if its reader quotes the response."""
    redact = request.call.redact
    error.args = tuple(redact(part) if isinstance(part, str) else part for part in error.args)
    if hasattr(error, "__notes__"):
        error.__notes__ = [redact(note) for note in error.__notes__]
    error.error = error.error and redact(error.error)
    error.error_description = error.error_description and redact(error.error_description)


def _describe(error: Exception) -> str:
    """Return the class of an error and the place in the reader, but not its text."""
    place = error.__traceback__ and error.__traceback__.tb_next  # The first frame is our own.
    if place is None:
        return type(error).__name__
    code = place.tb_frame.f_code
    file = code.co_filename.replace("\\", "/").rpartition("/")[2]
    return f"{type(error).__name__} in {code.co_qualname} ({file}, line {place.tb_lineno})"


def read(request: Request, response: Response) -> Any:
    """Return or raise what the caller gets if this is the response of the call.

    It compares neither ``expected_subject`` nor the issuer, which are not part of the request.

    Args:
        request: a request of the call.
        response: the response, of any status.

    Returns:
        The profile (``get_info``), the link (``impersonate``), the configuration (``discover``), or
        whatever the ``read`` of another operation returns. Keep it in no variable, unless it is a
        profile: it may be a credential, and a traceback shows variables.

    Raises:
        APIError: the status is an error, such as `UnauthorizedError` for 401.
        TransportError: only a proxy sends the status (407), or it is not a final one.
        DecodeError: the body is not a result of the operation.
        ArgumentError: no manager has made the request, and its operation is none of the three.

    Example::

        try:
            is_profile = isinstance(read(request, response), UserInfo)
        except UsersManagerError:
            is_profile = False
    """
    reader = _SHIPPED.get(request.operation) or request.call.read
    if reader is None:
        raise ArgumentError(f"unknown operation {request.operation!r} of a request")
    try:
        return read_result(reader, request, response)
    except UsersManagerError as error:
        error._add_context(request.operation, request.origin)
        raise
