"""Decode the bodies of successful responses. No error quotes any part of a body."""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from typing import Any

from .._values.messages import Response
from .._values.urls import parse_http_url
from .._values.userinfo import UserInfo
from ..errors import DecodeError

__all__ = ["parse_object", "read_link", "read_object", "read_profile"]

_JSON_TYPE = re.compile(r"application/(?:json|[a-z0-9!#$&^_.+\-]+\+json)")
_MAYBE_SURROGATE = re.compile(r"\\u[dD]")


def read_profile(response: Response) -> UserInfo:
    """Return the profile in a response: a JSON object whose `sub` is a non-empty string.

    Raises:
        DecodeError: the body is anything else (OIDC Core, section 5.3.2).
    """
    _raise_if(_explain_encoding(response) or _explain_media_type(response, "profile"))
    profile = _parse_profile(response.body)
    if isinstance(profile, UserInfo):
        return profile
    raise DecodeError(profile)


def read_link(response: Response) -> str:
    """Return the link in a response: an absolute http(s) URL.

    Raises:
        DecodeError: the body is anything else.
    """
    _raise_if(_explain_encoding(response))
    link = _parse_link(response.body)
    if link is None:
        raise DecodeError("the body is not a link: it must be one absolute http(s) URL")
    return link


def read_object(response: Response, content: str) -> dict[str, Any]:
    """Return the JSON object in a response.

    Args:
        response: a successful response.
        content: the name of its content, for messages.

    Raises:
        DecodeError: the body is anything else.
    """
    _raise_if(_explain_encoding(response) or _explain_media_type(response, content))
    value = parse_object(response.body)
    if value is None:
        raise DecodeError(f"the {content} is not a JSON object in UTF-8")
    return value


def parse_object(body: bytes) -> dict[str, Any] | None:
    """Return a body as a JSON object (RFC 8259), or None if it is anything else.

    Stricter than `json.loads`: UTF-8 only, no NaN or Infinity, no number that overflows, no
    repeated name in an object, no lone surrogate.
    """
    try:
        text = body.decode()
        value = _DECODER.decode(text)
        if _MAYBE_SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


# `parse_object` catches these exceptions, so that they need no message.


def _parse_finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _reject_constant(name: str) -> float:
    raise ValueError


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError
    return value


_DECODER = json.JSONDecoder(
    object_pairs_hook=_reject_duplicates,
    parse_float=_parse_finite_float,
    parse_constant=_reject_constant,
)


# A function that holds a part of a body returns a description of the problem instead of raising an
# error: the traceback would contain its frame.


def _raise_if(problem: str | None) -> None:
    if problem is not None:
        raise DecodeError(problem)


def _parse_profile(body: bytes) -> UserInfo | str:
    claims = parse_object(body)
    if claims is None:
        return "the profile is not a JSON object in UTF-8"
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject.strip():
        return 'the profile has no subject: "sub" must be a non-empty string'
    return UserInfo(claims)


def _parse_link(body: bytes) -> str | None:
    try:
        return parse_http_url(body.decode("ascii").strip(" \t\r\n"))
    except UnicodeDecodeError:
        return None


def _explain_encoding(response: Response) -> str | None:
    codings = response.headers.getall("Content-Encoding", [])
    if all(coding.strip().lower() in ("", "identity") for coding in codings):
        return None
    return "the body is compressed, although only identity was requested"


# Cached, as a server sends the same few values in every response.


@lru_cache(maxsize=16)
def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


@lru_cache(maxsize=16)
def _is_json(media_type: str) -> bool:
    return _JSON_TYPE.fullmatch(media_type) is not None


def _explain_media_type(response: Response, content: str) -> str | None:
    media_types = {_media_type(value) for value in response.headers.getall("Content-Type", [])}
    if len(media_types) == 1 and _is_json(*media_types):
        return None
    if content == "profile" and "application/jwt" in media_types:
        return (
            "the profile is a signed or encrypted JWT (application/jwt), which is not supported:"
            " unset userinfo_signed_response_alg and userinfo_encrypted_response_alg of your"
            " client at the provider, so that it sends JSON"
        )
    return f"the {content} is not sent as application/json"
