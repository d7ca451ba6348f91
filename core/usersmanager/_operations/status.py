"""Raise the exception for an error status. No other module maps a status to an exception.

The error code and description are in the JSON body (RFC 6749, section 5.2) or in the
WWW-Authenticate header (RFC 6750, section 3).
"""

from __future__ import annotations

import re

from .._values.headers import TCHAR, TOKEN, Headers
from .._values.messages import Request, Response
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
from .decoding import parse_object

__all__ = ["raise_for_status"]

_BY_STATUS: dict[int, type[APIError]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    429: RateLimitedError,
}
_BY_STATUS_CLASS: dict[int, type[APIError]] = {3: RedirectError, 5: ServerError}
_ADVICE = {("get_info", 404): "is base_url right?", ("discover", 404): "is issuer right?"}
_REQUEST_ID_HEADERS = ("X-Request-Id", "X-Auth0-RequestId", "X-Correlation-Id")
_MAX_TEXT_LENGTH = 300

_CHALLENGE = re.compile(
    rf"(?:^|,)\s*+(?P<scheme>{TOKEN}+)(?=\s++{TOKEN}+\s*+=)"
    rf"|(?<!{TCHAR})(?P<name>{TOKEN}+)\s*+=\s*+"
    rf'(?:"(?P<quoted>(?:[^"\\]|\\.)*+)"|(?P<plain>[^\s,"]++))'
)
_NOT_PRINTABLE = re.compile(r"[^\x20-\x7e]+")


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
    code, description = (_sanitize(text, request) for text in _error_fields(response))
    raise error_type(
        _message(request.operation, status, code, description),
        status=status,
        error=code,
        error_description=description,
        retry_after=response.retry_after,
        rate_limit=response.rate_limit,
        request_id=_sanitize(_request_id(response.headers), request),
    )


def _message(operation: str, status: int, code: str | None, description: str | None) -> str:
    from http import HTTPStatus  # Slow to import, and only an error needs it.

    try:
        phrase = f" {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = ""
    advice = _ADVICE.get((operation, status))
    parts = (f"{status}{phrase}", code, description, advice)
    return ": ".join(part for part in parts if part)


def _error_fields(response: Response) -> tuple[str | None, str | None]:
    """Return the error code and description of the server; the body takes precedence."""
    body = parse_object(response.body) or {}
    challenge = _bearer_challenge(response.headers)
    code = body.get("error")
    description = body.get("error_description", body.get("message"))
    return (
        code if isinstance(code, str) else challenge.get("error"),
        description if isinstance(description, str) else challenge.get("error_description"),
    )


def _bearer_challenge(headers: Headers) -> dict[str, str]:
    """Return the parameters of the first Bearer challenge that has an error."""
    for value in headers.getall("WWW-Authenticate", []):
        scheme, parameters = "", dict[str, str]()
        for match in _CHALLENGE.finditer(value):
            if match["scheme"]:
                if "error" in parameters:
                    break
                scheme = match["scheme"].lower()
            elif scheme == "bearer":
                quoted = match["quoted"]
                text = match["plain"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
                parameters.setdefault(match["name"].lower(), text)
        if "error" in parameters:
            return parameters
    return {}


def _request_id(headers: Headers) -> str | None:
    return next((headers[name] for name in _REQUEST_ID_HEADERS if name in headers), None)


def _sanitize(text: str | None, request: Request) -> str | None:
    """Return a text from the server as short printable ASCII, without a token that it may echo."""
    if not text:
        return None
    text = request.call.redact(text)
    return _NOT_PRINTABLE.sub(" ", text)[:_MAX_TEXT_LENGTH].strip() or None
