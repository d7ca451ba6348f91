"""The specification of each operation: its request, and how to read its response.

Sources: node-auth0's `auth.UsersManager`.
GET_INFO: Auth0 Authentication API "Get User Info"; OpenID Connect Core, section 5.3.
DISCOVER: OpenID Connect Discovery 1.0, section 4.
IMPERSONATE: Auth0 Authentication API (legacy) "Impersonation".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

from .._values.messages import Request, Response
from .._values.userinfo import UserInfo
from ..errors import ArgumentError
from .decoding import read_link, read_profile
from .provider import read_configuration

__all__ = ["DISCOVER", "GET_INFO", "IMPERSONATE", "SPECS", "RequestSpec", "get_info_by"]

Result = TypeVar("Result")


class RequestSpec(NamedTuple, Generic[Result]):
    """The specification of one operation.

    Attributes:
        name: its name in errors and logs.
        method: the HTTP method.
        path: the path after the base URL; `{user_id}` is replaced by the argument.
        accept: the Accept header.
        idempotent: whether it may be sent twice.
        read: returns the result in a 2xx response, or raises DecodeError.
        body: the body, unless the arguments have one.
        content_type: the Content-Type header, or "".
    """

    name: str
    method: str
    path: str
    accept: str
    idempotent: bool
    read: Callable[[Request, Response], Result]
    body: bytes | None = None
    content_type: str = ""


GET_INFO = RequestSpec(
    name="get_info",
    method="GET",
    path="/userinfo",
    accept="application/json",
    idempotent=True,
    read=read_profile,
)

# With an empty body, the request has `Content-Length: 0` (RFC 9110, section 8.6).
_GET_INFO_BY_POST = GET_INFO._replace(method="POST", body=b"")

IMPERSONATE = RequestSpec(
    name="impersonate",
    method="POST",
    path="/users/{user_id}/impersonate",
    accept="text/plain, */*;q=0.5",
    idempotent=False,
    read=read_link,
    content_type="application/json",
)

DISCOVER = RequestSpec(
    name="discover",
    method="GET",
    path="/.well-known/openid-configuration",
    accept="application/json",
    idempotent=True,
    read=read_configuration,
)

SPECS: dict[str, RequestSpec[Any]] = {spec.name: spec for spec in (GET_INFO, IMPERSONATE, DISCOVER)}


def get_info_by(method: object) -> RequestSpec[UserInfo]:
    """Return the specification of ``get_info`` with a method (OpenID Connect Core, section 5.3.1).

    Raises:
        ArgumentError: the method is neither "GET" nor "POST".
    """
    if method == GET_INFO.method:
        return GET_INFO
    if method == _GET_INFO_BY_POST.method:
        return _GET_INFO_BY_POST
    raise ArgumentError('userinfo_method must be "GET" or "POST"')
