"""Request and Response: immutable messages, with a repr that is safe to log.

What a status or a body means is decided in `_operations`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ..errors import ArgumentError, PluginError, RateLimit
from . import dates, rate_limit, retry_after
from .deadline import Deadline
from .headers import HeaderInput, Headers, StaticHeaders, merge_headers
from .redaction import redact
from .token import Secret, Token

__all__ = ["Call", "Request", "Response"]


class Call:
    """One call of a manager, which all of its attempts share.

    Attributes:
        attempts: the number of attempts so far.
        notes: short texts of plugins for logs and spans, by the name of the field: `{"cache":
            "hit"}`. They must not contain a secret.
        token_changes: how many times a request was given another token (`with_token`).
    """

    __slots__ = ("__weakref__", "_is_of_manager", "_tokens", "attempts", "notes", "token_changes")

    def __init__(self) -> None:
        self.attempts: int = 0
        self.notes: dict[str, str] = {}
        self.token_changes: int = 0
        self._tokens: tuple[Token, ...] = ()
        self._is_of_manager: bool = False

    @property
    def token_changed(self) -> bool:
        """Whether a request of the call has carried another token than its first."""
        return self.token_changes > 0

    def register_secret(self, token: Token, replaced: Token | None = None) -> None:
        """Remember the token of a request, so that an echo of it can be redacted.

        Args:
            token: the token.
            replaced: the token that it takes the place of, or None for the first of the call.
        """
        if not self._tokens:
            self._tokens = (token,)
            return
        if token not in self._tokens:
            self._tokens += (token,)
        if token.reveal() != (replaced or self._tokens[0]).reveal():
            self.token_changes += 1

    def redact(self, text: str) -> str:
        """Return a text from the server without any token of this call that it may echo."""
        return redact(text, self._tokens)


# eq and repr would read headers and bodies; a generated __init__ would accept Headers alone.
@dataclass(frozen=True, init=False, eq=False, repr=False, slots=True)
class Request:
    """The request of one attempt.

    Attributes:
        operation: "get_info", "impersonate", or "discover" (`from_issuer`).
        method: "GET" or "POST".
        origin: scheme, host and port: "https://tenant.auth0.com".
        target: the path, encoded: "/users/auth0%7C1/impersonate".
        template: the target with placeholders, for telemetry: "/users/{user_id}/impersonate"; ""
            if the request was not made by a manager.
        headers: the fields to send, without Authorization and without framing.
        body: the bytes to send, or None.
        token: the bearer token, redacted; for "discover" it reveals "".
        deadline: the deadline of the call.
        idempotent: whether it may be sent twice (RFC 9110, section 9.2.2). If not, it is sent on a
            dedicated connection.
        close_connection: whether its connection must not be used again, and the server is asked to
            close it (RFC 9112, section 9.6): if it is not idempotent, or the transport not strict.
        attempt: the number of the attempt, from 1.
        call: the call that it belongs to.

    Raises:
        ArgumentError: `with_headers` would not accept the headers.
    """

    operation: str
    method: str
    origin: str
    target: str
    headers: Headers
    body: bytes | None
    token: Token
    deadline: Deadline
    idempotent: bool
    close_connection: bool
    template: str
    attempt: int
    call: Call

    def __init__(
        self,
        *,
        operation: str,
        method: str,
        origin: str,
        target: str,
        headers: HeaderInput,
        body: bytes | None,
        token: Token,
        deadline: Deadline,
        idempotent: bool,
        close_connection: bool = False,
        template: str = "",
        attempt: int = 1,
        call: Call | None = None,
    ) -> None:
        put = object.__setattr__
        put(self, "operation", operation)
        put(self, "method", method)
        put(self, "origin", origin)
        put(self, "target", target)
        put(self, "headers", headers if isinstance(headers, Headers) else _checked(headers))
        put(self, "body", body)
        put(self, "token", token)
        put(self, "deadline", deadline)
        put(self, "idempotent", idempotent)
        put(self, "close_connection", close_connection or not idempotent)
        put(self, "template", template)
        put(self, "attempt", attempt)
        put(self, "call", call or Call())
        self.call.register_secret(token)

    @property
    def url(self) -> str:
        """The URL. It never contains a token."""
        return self.origin + self.target

    def remaining(self) -> float:
        """Return the seconds until the deadline; negative once it has passed."""
        return self.deadline.remaining()

    def with_headers(self, fields: HeaderInput | StaticHeaders) -> Request:
        """Return a copy with these fields, which replace any of the same name.

        Args:
            fields: a mapping or pairs of header names and printable ASCII values; or
                StaticHeaders, if they are the same for many requests.

        Raises:
            PluginError: a field is malformed, given twice, or one that only the client may set
                (Host, Content-Length, Authorization, Cookie, ...).

        Example:
            `return proceed(request.with_headers({"X-Trace": "1"}))`
        """
        headers = merge_headers(self.headers, fields)
        del fields  # A value may be a secret, and a traceback shows local variables.
        if isinstance(headers, str):
            raise PluginError(headers)
        return self._replace(headers=headers)

    def with_token(self, token: str | Token) -> Request:
        """Return a copy that carries another bearer token.

        Raises:
            ArgumentError: it can't be a bearer token.
        """
        secret = token if isinstance(token, Secret) else Secret(token)
        del token
        copy = self._replace(token=secret if isinstance(secret, Token) else Token(secret))
        copy.call.register_secret(copy.token, self.token)
        return copy

    def with_attempt(self, attempt: int) -> Request:
        """Return a copy for another attempt of its call, or itself if it has that number."""
        return self if attempt == self.attempt else self._replace(attempt=attempt)

    def with_connection_close(self) -> Request:
        """Return a copy whose connection is not used again."""
        return self._replace(close_connection=True)

    def _replace(self, **changes: object) -> Request:
        # `dataclasses.replace` would run `__init__` again: more than twice as slow.
        copy, put = object.__new__(Request), object.__setattr__
        for name in _REQUEST_FIELDS:
            put(copy, name, getattr(self, name))
        for name, value in changes.items():
            put(copy, name, value)
        return copy

    def headers_to_send(self) -> dict[str, str]:
        """Return every header to send, including the token. For transports; keep no copy."""
        # Plain strings: libraries that save requests refuse the keys of multidict.
        fields = {str(name): value for name, value in self.headers.items()}
        return {"Host": self._host(), **fields, **self._own_headers()}

    def serialized_headers(self) -> str:
        """Return the same headers as lines that end in CRLF."""
        own = [f"{name}: {value}\r\n" for name, value in self._own_headers().items()]
        return f"Host: {self._host()}\r\n{self.headers.text()}{''.join(own)}"

    def _host(self) -> str:
        return self.origin.partition("://")[2]

    def _own_headers(self) -> dict[str, str]:
        own = {"Accept-Encoding": "identity"}
        if self.close_connection:
            own["Connection"] = "close"
        if self.body is not None:
            own["Content-Length"] = str(len(self.body))
        if self.token.reveal():
            own["Authorization"] = f"Bearer {self.token.reveal()}"
        return own

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __repr__(self) -> str:
        return f"<Request {self.operation} {self.method} attempt={self.attempt}>"


_REQUEST_FIELDS = tuple(Request.__dataclass_fields__)


def _checked(headers: HeaderInput) -> Headers:
    checked = merge_headers(Headers(), headers)
    if isinstance(checked, str):
        raise ArgumentError(f"headers: {checked}")
    return checked


@dataclass(frozen=True, init=False, eq=False, repr=False, slots=True)
class Response:
    """A complete response.

    Args:
        status: the HTTP status, 100 to 999.
        headers: a mapping or pairs; a name may be repeated.
        body: the bytes of the body, as received.

    Raises:
        TypeError: an argument is of another type.

    Example:
        `Response(200, {"Content-Type": "application/json"}, b'{"sub": "auth0|1"}')`
    """

    status: int
    headers: Headers
    body: bytes

    def __init__(self, status: int, headers: HeaderInput = (), body: bytes = b"") -> None:
        if type(status) is not int or not 100 <= status <= 999:
            raise TypeError("a status is an int from 100 to 999")
        if not isinstance(body, bytes):
            raise TypeError("a body is bytes")
        object.__setattr__(self, "status", status)
        headers = headers if isinstance(headers, Headers) else Headers(headers)
        object.__setattr__(self, "headers", headers)
        object.__setattr__(self, "body", body)

    @property
    def date(self) -> float | None:
        """The Date of the response in seconds since the epoch, or None (RFC 9110, 6.6.1)."""
        return dates.response_date(self.headers)

    @property
    def retry_after(self) -> float | None:
        """The seconds that the server asks to wait, or None."""
        return retry_after.retry_after(self.status, self.headers)

    @property
    def rate_limit(self) -> RateLimit | None:
        """The rate limit in the headers, or None."""
        return rate_limit.rate_limit(self.headers)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __repr__(self) -> str:
        return f"<Response {self.status} of {len(self.body)} bytes>"
