"""Raise the exception for an error status. No other module maps a status to an exception."""

from __future__ import annotations

from .._values.headers import Headers
from .._values.request import Request
from .._values.response import Response
from ..errors import (
    APIError,
    ForbiddenError,
    NotFoundError,
    ProtocolError,
    RateLimitedError,
    RedirectError,
    ServerError,
    TransportError,
    UnauthorizedError,
)
from .discover import DISCOVER
from .error_details import read_error_details
from .error_text import sanitize
from .get_info import GET_INFO

__all__ = ["raise_for_status"]

_BY_STATUS: dict[int, type[APIError]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    429: RateLimitedError,
}
_BY_STATUS_CLASS: dict[int, type[APIError]] = {3: RedirectError, 5: ServerError}
_ADVICE = {(GET_INFO, 404): "is base_url right?", (DISCOVER, 404): "is issuer right?"}
_REQUEST_ID_HEADERS = ("X-Request-Id", "X-Auth0-RequestId", "X-Correlation-Id")


def raise_for_status(request: Request, response: Response) -> None:
    """Raise the exception for a status other than 2xx.

    Raises:
        APIError: the subclass that represents the status.
        ProtocolError: the status is an interim one (1xx), not a final response.
        TransportError: the status is 407, which only a proxy sends (RFC 9110, section 15.5.8).
    """
    status = response.status
    if status < 200:
        raise ProtocolError(f"the final response has the interim status {status}")
    if status < 300:
        return
    if status == 407:
        raise TransportError(f"the proxy answered {status}", reason="proxy_refused")
    error_type = _BY_STATUS.get(status) or _BY_STATUS_CLASS.get(status // 100, APIError)
    code, description = read_error_details(request, response)
    raise error_type(
        _message(request.operation, status, code, description),
        status=status,
        error=code,
        error_description=description,
        retry_after=response.retry_after,
        rate_limit=response.rate_limit,
        request_id=sanitize(_request_id(response.headers), request.call.redact),
    )


def _message(operation: str, status: int, code: str | None, description: str | None) -> str:
    from http import HTTPStatus  # Slow to import, and only an error needs it.

    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    advice = _ADVICE.get((operation, status))
    # Some servers send the phrase as the code or as the description, and aiohttp "404: Not Found".
    repeated = (None, phrase, f"{status} {phrase}", f"{status}: {phrase}")
    parts = [part for part in (code, description, advice) if part not in repeated]
    return ": ".join([f"{status} {phrase}".strip(), *parts])


def _request_id(headers: Headers) -> str | None:
    return next((headers[name] for name in _REQUEST_ID_HEADERS if name in headers), None)
