"""Operation: what to send, and how to read the response."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any, Generic, Literal, TypeAlias, TypeVar, get_args

from .._values.credential import Bearer, Credential
from .._values.forms import Fields, FormInput
from .._values.headers import HeaderInput, Headers, StaticHeaders
from .._values.plain import plain
from .._values.response import Response
from .._values.site import is_endpoint_name
from .._values.token import Secret
from ..errors import ArgumentError
from .body import encode_body
from .plan import RequestPlan
from .target import encode_query, encode_segments

__all__ = ["Method", "Operation", "check_operation"]

Result_co = TypeVar("Result_co", covariant=True)
Result = TypeVar("Result")
Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_METHODS = get_args(Method)
_IDEMPOTENT = ("GET", "PUT", "DELETE")


# eq and repr would read secrets; a generated __init__ would not check the arguments.
@dataclass(frozen=True, init=False, eq=False, repr=False, slots=True)
class Operation(Generic[Result_co]):
    """A request to the server of a manager, and how to read its response: for ``users.call``.

    An operation is immutable. Any number of calls and managers may share it. Wrap a value of a form
    or of JSON that must stay secret in a `Secret`: it then appears in no repr or traceback, and is
    removed from error texts of the server.

    Args:
        name: its name in errors, logs and telemetry: ``[a-z][a-z0-9_]*``. Under the name of a
            shipped operation ("get_info"), plugins treat it as that operation.
        method: "GET", "POST", "PUT", "PATCH" or "DELETE".
        read: takes a response with a 2xx status and returns the result. If the body is not what it
            expects, it may raise DecodeError, LookupError, TypeError, ValueError, AttributeError,
            ArithmeticError or RecursionError. The caller gets a DecodeError without the frames of
            the original, and without its text unless that was a DecodeError.
        path: the path below the base URL, with placeholders: "/users/{user_id}/roles".
        arguments: a str for each placeholder. It is encoded, and can't leave its path segment.
        endpoint: the name of an endpoint in the metadata of the provider, such as
            "introspection_endpoint". It takes precedence over ``path`` if the manager has metadata,
            or was given the endpoint. The path must have no placeholders then.
        query: the fields of the query; None leaves one out, a sequence repeats it.
        headers: header fields. They take precedence over those of the manager.
        accept: the value of the Accept header.
        form: the fields of a form, sent as application/x-www-form-urlencoded. None and sequences
            work as in ``query``. A value may be a Secret.
        json: a JSON value, sent as application/json. A value in it may be a Secret.
        credential: authorizes the request, or None.
        idempotent: whether it may be sent twice; None if the method decides (RFC 9110, section
            9.2.2).

    Attributes:
        read (Callable[[Response], Result_co]): the argument of that name.
        credential: the argument of that name.

    Raises:
        ArgumentError: an argument is invalid, or can't be combined with another one.

    Example::

        def list_roles(user_id: str, *, token: str) -> Operation[list[str]]:
            return Operation(
                "list_roles",
                "GET",
                path="/users/{user_id}/roles",
                arguments={"user_id": user_id},
                credential=Bearer(token),
                read=_roles,
            )

        roles = users.call(list_roles("auth0|1", token=token))
    """

    read: Callable[[Response], Result_co]
    credential: Credential | None
    _plan: RequestPlan

    def __init__(
        self,
        name: str,
        method: Method,
        *,
        read: Callable[[Response], Result_co],
        path: str | None = None,
        arguments: Mapping[str, str] | None = None,
        endpoint: str | None = None,
        query: Fields | None = None,
        headers: HeaderInput = (),
        accept: str = "application/json",
        form: FormInput | None = None,
        json: Any = None,
        credential: Credential | None = None,
        idempotent: bool | None = None,
    ) -> None:
        sealed_json = Secret(json)
        try:
            _check(name, method, read, path, endpoint, credential)
            body = encode_body(method, form, sealed_json)
            content_type = {"Content-Type": body.media_type} if body.media_type else {}
            plan = RequestPlan(
                name=plain(name),
                method=plain(method),
                path=path,
                segments=encode_segments(path, arguments),
                endpoint=endpoint,
                query=encode_query(query),
                defaults=StaticHeaders({"Accept": accept, **content_type}).merge_into(Headers()),
                headers=StaticHeaders(headers),
                body=body.content.reveal(),
                secrets=body.secrets,
                idempotent=method in _IDEMPOTENT if idempotent is None else bool(idempotent),
            )
        except ArgumentError as caught:
            problem = str(caught)
        else:
            object.__setattr__(self, "read", read)
            object.__setattr__(self, "credential", credential)
            object.__setattr__(self, "_plan", plan)
            return
        finally:
            # A value may be a secret, and a traceback shows local variables.
            del arguments, query, headers, form, json, credential
        # An invalid name may be a misplaced value.
        described = f"operation {name!r}" if _is_name(name) else "operation"
        raise ArgumentError(f"{described}: {problem}")

    @property
    def name(self) -> str:
        """The name of the operation."""
        return self._plan.name

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self._plan.method

    @property
    def idempotent(self) -> bool:
        """Whether it may be sent twice."""
        return self._plan.idempotent

    def _bound(self, credential: Bearer, read: Callable[[Response], Result]) -> Operation[Result]:
        """Return a copy with another credential and reader. Nothing else is checked again."""
        copy, put = object.__new__(Operation), object.__setattr__
        put(copy, "read", read)
        put(copy, "credential", credential)
        put(copy, "_plan", self._plan)
        return copy

    def __repr__(self) -> str:
        plan = getattr(self, "_plan", None)  # A traceback shows an operation that was refused.
        return f"<Operation {'refused' if plan is None else plan.name}>"


def check_operation(value: object) -> None:
    """Check that a value is an operation.

    Raises:
        ArgumentError: it is anything else.
    """
    if not isinstance(value, Operation):
        raise ArgumentError(f"operation must be an Operation, not {type(value).__name__}")


def _is_name(name: object) -> bool:
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def _check(
    name: object, method: object, read: object, path: object, endpoint: object, credential: object
) -> None:
    """Check the arguments that are not encoded.

    Raises:
        ArgumentError: one is invalid, or two don't go together.
    """
    if not _is_name(name):
        raise ArgumentError("a name must be lowercase letters, digits and '_', such as list_roles")
    if method not in _METHODS:
        raise ArgumentError(f"method must be one of {', '.join(_METHODS)}")
    if not callable(read) or iscoroutinefunction(read):
        raise ArgumentError("read must be a plain function of the response")
    if path is None and endpoint is None:
        raise ArgumentError("pass a path, an endpoint, or both")
    if endpoint is not None and not is_endpoint_name(endpoint):
        raise ArgumentError("endpoint must be a name such as introspection_endpoint")
    if endpoint is not None and "{" in str(path):  # A call would silently drop the arguments.
        raise ArgumentError("a path with placeholders can't go with an endpoint")
    if credential is not None and not callable(getattr(credential, "authorize", None)):
        raise ArgumentError("credential must have a method authorize(request)")
