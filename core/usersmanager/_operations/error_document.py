"""Find the error code and the description in the JSON document of an error.

Providers don't agree on a format, but all formats have the same parts: an object with a code and a
description, each under one of a few names, perhaps nested in another object or a list. Names are
compared without case and punctuation: ``error_code``, ``errorCode`` and ``ErrorCode`` are the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

__all__ = ["ErrorDetails", "read_error_document", "read_reported_error"]


class ErrorDetails(NamedTuple):
    """What a server says about an error.

    Attributes:
        code: a code for programs, such as "invalid_token", or None.
        description: a text for people, or None.
    """

    code: str | None = None
    description: str | None = None

    def or_else(self, other: ErrorDetails) -> ErrorDetails:
        """Return these details, completed from others."""
        return ErrorDetails(self.code or other.code, self.description or other.description)


_TEXT = re.compile(r".*\S.*", re.DOTALL)
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_CONSTANT = re.compile(r"[A-Z]+(?:_[A-Z0-9]+)*")

# The first name that has an acceptable value counts. The last ones have other meanings elsewhere:
# `type` may be a URL (RFC 9457), `status` a number, and `name` anything.
_CODES = {
    "error": _TEXT,  # RFC 6749
    "errorcode": _TEXT,  # Okta, Salesforce
    "code": _TEXT,  # Microsoft Graph
    "tag": _IDENTIFIER,  # Dropbox
    "status": _CONSTANT,  # Google
    "type": _IDENTIFIER,  # Facebook, Cognito
    "name": _CONSTANT,  # PayPal
}
_DESCRIPTIONS = {
    "errordescription": _TEXT,  # RFC 6749
    "message": _TEXT,  # Auth0, GitLab, Google, Microsoft Graph
    "errormessage": _TEXT,  # Keycloak
    "errorsummary": _TEXT,  # Dropbox, Okta
    "detail": _TEXT,  # RFC 9457
    "description": _TEXT,
    "faultstring": _TEXT,  # Apigee
    "errmsg": _TEXT,  # WeChat
    "msg": _TEXT,  # FastAPI
    "title": _TEXT,  # RFC 9457
}
_CONTAINERS = ("error", "errors", "fault", "detail", "message")
_MAX_DEPTH = 5

# In a response with status 200.
_FLAGS = ("ok", "success")
_ERRORS = ("error", "errors", "errorcode", "errcode")


def read_error_document(value: object, depth: int = _MAX_DEPTH) -> ErrorDetails:
    """Return the error code and the description in a JSON value."""
    if isinstance(value, str):
        return ErrorDetails(description=value)
    if isinstance(value, list) and value and depth:
        return read_error_document(value[0], depth - 1)
    if not isinstance(value, Mapping) or not depth:
        return ErrorDetails()
    members = _members(value)
    details = ErrorDetails(_first(members, _CODES), _first(members, _DESCRIPTIONS))
    for name in _CONTAINERS:
        if isinstance(members.get(name), dict | list):
            details = details.or_else(read_error_document(members[name], depth - 1))
    return details.or_else(ErrorDetails(_kind_of_problem(members, details)))


def read_reported_error(document: Mapping[str, Any]) -> ErrorDetails | None:
    """Return the error that a document reports although the status is 200, or None.

    Only members that must belong to the error are read: the others may be claims.
    """
    members = _members(document)
    is_failure = any(members.get(name) is False for name in _FLAGS)
    if not is_failure and not any(members.get(name) for name in _ERRORS):
        return None
    return read_error_document(
        {name: members[name] for name in members if name.startswith("err") or name == "message"}
    )


def _members(document: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        name.replace("_", "").replace(".", "").lower(): value for name, value in document.items()
    }


def _first(members: Mapping[str, Any], names: Mapping[str, re.Pattern[str]]) -> str | None:
    values: Iterable[tuple[Any, re.Pattern[str]]] = (
        (members.get(name), pattern) for name, pattern in names.items()
    )
    return next(
        (value for value, pattern in values if isinstance(value, str) and pattern.fullmatch(value)),
        None,
    )


def _kind_of_problem(members: Mapping[str, Any], details: ErrorDetails) -> str | None:
    """Return the title of a problem (RFC 9457, section 3.1.3), if the detail describes it."""
    title = members.get("title")
    return title if isinstance(title, str) and title != details.description else None
