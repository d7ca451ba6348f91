"""Decode the bodies of successful responses. No error quotes a value of a body.

A function that holds a part of a body returns an error, or a description of the problem, instead
of raising it: the traceback would contain its frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._values.response import Response
from .._values.urls import parse_http_url
from .._values.userinfo import UserInfo
from ..errors import DecodeError
from .content_coding import is_compressed
from .error_details import sanitize_details
from .error_document import read_reported_error
from .error_text import sanitize
from .json_body import COMPRESSED, parse_object
from .media_type import is_json, media_types
from .subject import explain_subject

__all__ = ["read_json", "read_link", "read_object", "read_profile"]


def read_profile(response: Response) -> UserInfo:
    """Return the profile in a response: a JSON object whose ``sub`` is a non-empty string.

    Raises:
        DecodeError: the body is anything else (OIDC Core, section 5.3.2).
    """
    if problem := _explain_message(response, "profile"):
        raise DecodeError(problem)
    profile = _parse_profile(response)
    if isinstance(profile, UserInfo):
        return profile
    try:
        raise profile
    finally:
        del profile  # Break the reference cycle.


def read_link(response: Response) -> str:
    """Return the link in a response: an absolute http(s) URL.

    Raises:
        DecodeError: the body is anything else.
    """
    if is_compressed(response.headers):
        raise DecodeError(f"the body {COMPRESSED}")
    link = _parse_link(response.body)
    if link is None:
        raise DecodeError("the body is not a link: it must be one absolute http(s) URL")
    return link


def read_json(response: Response) -> dict[str, Any]:
    """Return the JSON object in a response.

    The checks are those of a profile: the media type is JSON, and no key is repeated, for example.

    Raises:
        DecodeError: the body is anything else.

    Example::

        return [str(role) for role in read_json(response)["roles"]]

    Source: RFC 8259.
    """
    return read_object(response, "body")


def read_object(response: Response, content: str) -> dict[str, Any]:
    """Return the JSON object in a response.

    Args:
        response: a successful response.
        content: the name of its content, for messages.

    Raises:
        DecodeError: the body is anything else.
    """
    try:
        return _read_object(response, content)
    except BaseException as error:
        # A signal handler may raise at any line, and the frames hold a part of the body. Those of a
        # profile or a link are dropped in `reading.py`.
        error.__context__ = None
        raise error.with_traceback(None) from None


def _read_object(response: Response, content: str) -> dict[str, Any]:
    if problem := _explain_message(response, content):
        raise DecodeError(problem)
    value = _parse_object(response.body, content)
    if isinstance(value, dict):
        return value
    raise DecodeError(value)


def _parse_object(body: bytes, content: str) -> dict[str, Any] | str:
    parsed = parse_object(body)
    return f"the {content} {parsed.problem}" if parsed.problem else parsed.value


def _parse_profile(response: Response) -> UserInfo | DecodeError:
    claims, problem = parse_object(response.body)
    if problem:
        return DecodeError(f"the profile {problem}")
    subject = claims.get("sub")
    if isinstance(subject, str) and subject.strip():
        return UserInfo(claims)
    return _reported_error(response, claims) or DecodeError(
        explain_subject(claims, response._redact)
    )


def _reported_error(response: Response, claims: Mapping[str, Any]) -> DecodeError | None:
    reported = read_reported_error(claims)
    if reported is None:
        return None
    details = sanitize_details(reported, response._redact)
    parts = ("the provider reported an error in a successful response", *details)
    return DecodeError(
        ": ".join(part for part in parts if part),
        error=details.code,
        error_description=details.description,
    )


def _parse_link(body: bytes) -> str | None:
    try:
        return parse_http_url(body.decode("ascii").strip(" \t\r\n"))
    except UnicodeDecodeError:
        return None


def _explain_message(response: Response, content: str) -> str | None:
    """Return what is wrong with a body although nobody has parsed it, or None."""
    if is_compressed(response.headers):
        return f"the {content} {COMPRESSED}"
    if is_json(response.headers):
        return None
    if not response.body.strip():
        return f"the {content} is empty"
    if content == "profile" and "application/jwt" in media_types(response.headers):
        return (
            "the profile is a signed or encrypted JWT (application/jwt): verify it with the plugin"
            " JwtUserInfo (extra jwt), or unset userinfo_signed_response_alg and"
            " userinfo_encrypted_response_alg of your client at the provider, so that it sends JSON"
        )
    # The header itself, since a token in another case would not be recognized.
    sent = sanitize(" and ".join(response.headers.getall("Content-Type", [])), response._redact)
    found = f"is sent as {sent}" if sent else "has no Content-Type"
    return f"the {content} {found}, but must be sent as application/json"
