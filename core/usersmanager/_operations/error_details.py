"""Read what the server says about an error, wherever it says it: body, challenge or plain text."""

from __future__ import annotations

import re
from collections.abc import Callable

from .._values.request import Request
from .._values.response import Response
from .challenge import parse_bearer_challenge
from .error_document import ErrorDetails, read_error_document
from .error_text import MAX_SOURCE_LENGTH, MAX_TEXT_LENGTH, sanitize
from .json_body import parse_json
from .media_type import media_types

__all__ = ["read_error_details", "sanitize_details"]

# Some servers label a line of text as JSON.
_LINE_TYPES = {"", "text/plain", "text/html", "application/json"}
# A line that is neither markup nor a broken JSON document, nor binary data.
_LINE = re.compile(r"[^{\[<\x00-\x08\x0a-\x1f\x7f-\x9f][^<\x00-\x08\x0a-\x1f\x7f-\x9f]*")
_ENTITY = re.compile(r"&#?\w+;")
# The body of `impersonate` is a link that must stay secret, and a link may contain a session.
_LINK = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*+://\S*+")


def read_error_details(request: Request, response: Response) -> ErrorDetails:
    """Return the error code and the description in a response with an error status.

    A JSON document takes precedence over a challenge, and a challenge over a line of text. Both
    texts are safe to show.
    """
    parsed = parse_json(response.body)
    text = _decode_text(response) if parsed.problem else parsed.value
    challenge = parse_bearer_challenge(response.headers, request.call.redact)
    details = ErrorDetails(challenge.get("error"), challenge.get("error_description"))
    if isinstance(text, str):
        details = details.or_else(ErrorDetails(description=_read_line(text, request)))
    else:
        details = read_error_document(parsed.value).or_else(details)
    return sanitize_details(details, request.call.redact)


def sanitize_details(details: ErrorDetails, redact: Callable[[str], str]) -> ErrorDetails:
    """Return the same details, safe to show."""
    return ErrorDetails(sanitize(details.code, redact), sanitize(details.description, redact))


def _decode_text(response: Response) -> str:
    is_redirect = response.status // 100 == 3  # Its text contains its target.
    if is_redirect or len(response.body) > MAX_SOURCE_LENGTH:
        return ""
    if not media_types(response.headers) <= _LINE_TYPES:
        return ""
    return response.body.decode(errors="replace")


def _read_line(text: str, request: Request) -> str | None:
    """Return a text if it is one short line for people, without links."""
    if len(text) > MAX_SOURCE_LENGTH:
        return None
    # A token may be longer than the rest.
    text = request.call.redact(text.removeprefix("\ufeff").strip())
    if len(text) > MAX_TEXT_LENGTH or not _LINE.fullmatch(text) or _ENTITY.search(text):
        return None
    return _LINK.sub("[link]", text)
