"""What travels: Request and Response. Immutable; bytes in, bytes out.

Both have a repr that is safe to log. What a status or a body means is not known here.
"""

from __future__ import annotations

import time

from .. import ratelimit
from ..errors import ArgumentError, PluginError, RateLimit
from .headers import Fields, StaticHeaders, HeaderInput, Headers, freeze, with_fields
from .immutable import Immutable
from .token import Secret, Token

__all__ = ["Call", "Request", "Response"]


class Call:
    """One call of a manager: what its attempts have in common.

    Attributes:
        attempts: how many attempts have begun.
    """

    __slots__ = ("__weakref__", "_tokens", "attempts")

    def __init__(self) -> None:
        self.attempts = 0
        self._tokens: tuple[Token, ...] = ()

    def register_secret(self, token: Token) -> None:
        """Notes a token that a request carries, so that an echo of it can be removed."""
        if token not in self._tokens:
            self._tokens += (token,)

    def redact(self, text: str) -> str:
        """A text of the server without the tokens of this call that it may echo."""
        for token in self._tokens:
            if token.reveal():
                text = text.replace(token.reveal(), "[redacted]")
        return text


class Request(Immutable):
    """What one attempt asks of the server.

    Attributes:
        operation: "get_info", "impersonate", or "discover" (`from_issuer`).
        method: "GET" or "POST".
        origin: scheme, host and port: "https://tenant.auth0.com".
        target: the path, encoded: "/users/auth0%7C1/impersonate".
        template: the target without what differs by user, for telemetry:
            "/users/{user_id}/impersonate"; "" if the request was not made by a manager.
        fields: the fields to send, without the token and without framing; see `headers`.
        body: the bytes to send, or None.
        token: the bearer token, redacted; for "discover" it reveals "".
        deadline: when to give up, in seconds of `time.monotonic()`.
        idempotent: whether sending it twice does no harm (RFC 9110, section 9.2.2).
            If not, it travels on a connection of its own.
        attempt: which attempt of its call this is, from 1.
        call: the call it belongs to.

    Raises:
        ArgumentError: the headers are none that `with_headers` would take.
    """

    __slots__ = (
        *("attempt", "body", "call", "deadline", "fields", "idempotent", "method", "operation"),
        *("origin", "target", "template", "token"),
    )

    attempt: int
    body: bytes | None
    call: Call
    deadline: float
    fields: Fields
    idempotent: bool
    method: str
    operation: str
    origin: str
    target: str
    template: str
    token: Token

    def __init__(
        self,
        *,
        operation: str,
        method: str,
        origin: str,
        target: str,
        headers: HeaderInput | Fields,
        body: bytes | None,
        token: Token,
        deadline: float,
        idempotent: bool,
        template: str = "",
        attempt: int = 1,
        call: Call | None = None,
    ) -> None:
        put = object.__setattr__
        put(self, "operation", operation)
        put(self, "method", method)
        put(self, "origin", origin)
        put(self, "target", target)
        put(self, "fields", headers if isinstance(headers, Fields) else _checked(headers))
        put(self, "body", body)
        put(self, "token", token)
        put(self, "deadline", deadline)
        put(self, "idempotent", idempotent)
        put(self, "template", template)
        put(self, "attempt", attempt)
        put(self, "call", call or Call())
        self.call.register_secret(token)

    @property
    def headers(self) -> Headers:
        """The fields to send, without the token and without framing."""
        return self.fields.mapping

    @property
    def url(self) -> str:
        """The whole address. It never holds a token."""
        return self.origin + self.target

    def remaining(self) -> float:
        """Seconds until the deadline; negative once it has passed."""
        return self.deadline - time.monotonic()

    def with_headers(self, fields: HeaderInput | StaticHeaders) -> Request:
        """A copy with these fields set, each in place of any of its name.

        Args:
            fields: a mapping or pairs of header names and printable ASCII values; or
                StaticHeaders, if they are the same for many requests.

        Raises:
            PluginError: a name or value is malformed, given twice, or is one that only
                the client sets (Host, Content-Length, Authorization, Cookie, ...).

        Example:
            `return proceed(request.with_headers({"X-Trace": "1"}))`
        """
        changed = with_fields(self.fields, fields)
        del fields  # A value may be a secret, and a traceback shows what is kept here.
        if isinstance(changed, str):
            raise PluginError(changed, operation=self.operation)
        return self._changed(fields=changed)

    def with_token(self, token: str | Token) -> Request:
        """A copy that carries another bearer token.

        Raises:
            ArgumentError: it is not a bearer token (RFC 6750, section 2.1).
        """
        secret = token if isinstance(token, Secret) else Secret(token)
        del token
        changed = self._changed(token=secret if isinstance(secret, Token) else Token(secret))
        changed.call.register_secret(changed.token)
        return changed

    def with_attempt(self, attempt: int) -> Request:
        """A copy for another attempt of its call, or itself if it has that number."""
        return self if attempt == self.attempt else self._changed(attempt=attempt)

    def _changed(self, **changes: object) -> Request:
        other = object.__new__(Request)
        for name in self.__slots__:
            value = changes[name] if name in changes else getattr(self, name)
            object.__setattr__(other, name, value)
        return other

    def headers_to_send(self) -> dict[str, str]:
        """Every header to send, the token included. For transports only; keep no copy."""
        return {"Host": self._host(), **dict(self.headers), **self._own_fields()}

    def serialized_headers(self) -> str:
        """The same as lines, each with its CRLF, for `serialize_request`."""
        own = [f"{name}: {value}\r\n" for name, value in self._own_fields().items()]
        return f"Host: {self._host()}\r\n{self.fields.text()}{''.join(own)}"

    def _host(self) -> str:
        return self.origin.partition("://")[2]

    def _own_fields(self) -> dict[str, str]:
        own = {"Accept-Encoding": "identity"}
        if not self.idempotent:
            own["Connection"] = "close"
        if self.body is not None:
            own["Content-Length"] = str(len(self.body))
        if self.token.reveal():
            own["Authorization"] = f"Bearer {self.token.reveal()}"
        return own

    def __repr__(self) -> str:
        return f"<Request {self.operation} {self.method} attempt={self.attempt}>"


def _checked(headers: HeaderInput) -> Fields:
    fields = with_fields(Fields(()), headers)
    if isinstance(fields, str):
        raise ArgumentError(f"headers: {fields}")
    return fields


class Response(Immutable):
    """A whole response.

    Args:
        status: the HTTP status, 100 to 999.
        headers: any mapping or pairs; kept case-insensitive, with repeated fields.
        body: the bytes of the body, as they came.

    Raises:
        TypeError: an argument is of another type.

    Example:
        `Response(200, {"Content-Type": "application/json"}, b'{"sub": "auth0|1"}')`
    """

    __slots__ = ("body", "headers", "status")

    body: bytes
    headers: Headers
    status: int

    def __init__(self, status: int, headers: HeaderInput = (), body: bytes = b"") -> None:
        if type(status) is not int or not 100 <= status <= 999:
            raise TypeError("a status is an int from 100 to 999")
        if not isinstance(body, bytes):
            raise TypeError("a body is bytes")
        object.__setattr__(self, "status", status)
        object.__setattr__(self, "headers", freeze(headers))
        object.__setattr__(self, "body", body)

    @property
    def retry_after(self) -> float | None:
        """Seconds the server asks to wait, or None."""
        return ratelimit.retry_after(self.status, self.headers)

    @property
    def rate_limit(self) -> RateLimit | None:
        """The server's X-RateLimit headers, or None."""
        return ratelimit.rate_limit(self.headers)

    def __repr__(self) -> str:
        return f"<Response {self.status} of {len(self.body)} bytes>"
