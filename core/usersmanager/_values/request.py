"""Request: an immutable message, with a repr that is safe to log."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import unquote_plus

from ..errors import ArgumentError
from .call import Call
from .deadline import Deadline
from .forms import FORM_TYPE, FormInput, merge_form, parse_fields, secrets_of
from .headers import TOKEN, HeaderInput, Headers, StaticHeaders, merge_headers
from .plain import plain
from .token import Secret, Token

__all__ = ["Request"]


# eq and repr would read headers and bodies; a generated __init__ would accept Headers alone.
# Without slots, one update sets or copies all attributes.
@dataclass(frozen=True, init=False, eq=False, repr=False)
class Request:
    """The request of one attempt.

    Attributes:
        operation: "get_info", "impersonate", "discover" (``from_issuer``), or the name of another
            operation.
        method: "GET", "POST", "PUT", "PATCH" or "DELETE".
        origin: scheme, host and port: "https://tenant.auth0.com".
        target: the path and the query, encoded: "/users/auth0%7C1/impersonate".
        template: the target with placeholders, for telemetry: "/users/{user_id}/impersonate"; ""
            if the request was not made by a manager.
        headers: the fields to send, without Authorization and without framing.
        body: the bytes to send, or None.
        token: the token, redacted; it reveals "" if there is none, as for "discover".
        scheme: the authentication scheme of the token, "Bearer" (RFC 9110, section 11.1).
        deadline: the deadline of the call.
        idempotent: whether it may be sent twice (RFC 9110, section 9.2.2). If not, it is sent on a
            dedicated connection.
        close_connection: whether its connection must not be used again, and the server is asked to
            close it (RFC 9112, section 9.6): if it is not idempotent, or the transport not strict.
        attempt: the number of the attempt, from 1.
        call: the call that it belongs to.

    Raises:
        ArgumentError: ``with_headers`` would not accept the headers.
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
    scheme: str

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
        scheme: str = "Bearer",
    ) -> None:
        checked = headers if isinstance(headers, Headers) else merge_headers(Headers(), headers)
        if isinstance(checked, str):
            del headers, body  # They may contain a secret, and a traceback shows local variables.
            raise ArgumentError(f"headers: {checked}")
        vars(self).update(
            operation=operation,
            method=method,
            origin=origin,
            target=target,
            headers=checked,
            body=body,
            token=token,
            deadline=deadline,
            idempotent=idempotent,
            close_connection=close_connection or not idempotent,
            template=template,
            attempt=attempt,
            call=call or Call(),
            scheme=scheme,
        )
        del headers, body, checked
        self.call.register_token(token)

    @property
    def url(self) -> str:
        """The URL. It never contains a token."""
        return self.origin + self.target

    @property
    def provider(self) -> Mapping[str, Any] | None:
        """The metadata of the provider, deeply immutable, if the manager has discovered it."""
        return None if self.call._site is None else self.call._site.provider

    def remaining(self) -> float:
        """Return the seconds until the deadline; negative once it has passed."""
        return self.deadline.remaining()

    def with_headers(self, fields: HeaderInput | StaticHeaders) -> Request:
        """Return a copy with these fields, which replace any of the same name.

        Args:
            fields: a mapping or pairs of header names and printable ASCII values; or
                StaticHeaders, if they are the same for many requests.

        Raises:
            ArgumentError: a field is malformed, given twice, or one that only the client may set
                (Host, Content-Length, Authorization, Cookie, ...).

        Example::

            return proceed(request.with_headers({"X-Trace": "1"}))
        """
        headers = merge_headers(self.headers, fields)
        del fields  # A value may be a secret, and a traceback shows local variables.
        if isinstance(headers, str):
            raise ArgumentError(headers)
        return self._replace(headers=headers)

    def with_token(self, token: str | Secret[str], scheme: str = "Bearer") -> Request:
        """Return a copy that carries another token.

        Args:
            token: visible ASCII without comma and double quote.
            scheme: its authentication scheme, such as "Basic" or "DPoP".

        Raises:
            ArgumentError: it can't be such a token, or the scheme is not an HTTP token.

        Example::

            return request.with_token(self._token, scheme="DPoP")
        """
        secret = token if isinstance(token, Secret) else Secret(token)
        del token
        if not isinstance(scheme, str) or not _SCHEME.fullmatch(scheme):
            raise ArgumentError("scheme must be an HTTP token, such as 'Bearer'")
        token_to_send = secret if isinstance(secret, Token) else Token(secret)
        copy = self._replace(token=token_to_send, scheme=plain(scheme))
        copy.call.register_token(token_to_send, self.token)
        if scheme.lower() == "basic":
            copy.call.register_secrets(_password(token_to_send))
        return copy

    def with_form(self, fields: FormInput) -> Request:
        """Return a copy whose form has these fields, which replace any of the same name.

        A request without a body gets a form.

        Args:
            fields: a mapping of names to a str, a Secret of one, or a sequence of these, which
                repeats the field. None leaves the field out.

        Raises:
            ArgumentError: a name or value is anything else, or the request can't have a form.

        Example::

            return request.with_form({"client_id": "c", "client_secret": self._secret})
        """
        pairs = parse_fields(fields)
        del fields
        if isinstance(pairs, str):
            raise ArgumentError(f"the form {pairs}")
        if self.method == "GET":
            raise ArgumentError("a GET request has no form")
        content_type = self.headers.get("Content-Type", FORM_TYPE) if self.body else FORM_TYPE
        if content_type.partition(";")[0].strip().lower() != FORM_TYPE:
            raise ArgumentError("the body of the request is not a form")
        copy = self._replace(
            body=merge_form(self.body or b"", pairs),
            headers=self.headers.merged((("Content-Type", FORM_TYPE),)),
        )
        copy.call.register_secrets(secrets_of(pairs))
        return copy

    def with_attempt(self, attempt: int) -> Request:
        """Return a copy for another attempt of its call, or itself if it has that number."""
        return self if attempt == self.attempt else self._replace(attempt=attempt)

    def with_connection_close(self) -> Request:
        """Return a copy whose connection is not used again."""
        return self._replace(close_connection=True)

    def _in_call(self, call: Call, token: Token, deadline: Deadline) -> Request:
        """Return a copy for another call."""
        call.register_token(token)
        return self._replace(call=call, token=token, deadline=deadline)

    def _replace(self, **changes: object) -> Request:
        # `dataclasses.replace` would run `__init__` again.
        copy = object.__new__(Request)
        object.__setattr__(copy, "__dict__", vars(self) | changes)
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
            own["Authorization"] = f"{self.scheme} {self.token.reveal()}"
        return own

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __repr__(self) -> str:
        if not hasattr(self, "scheme"):
            return "<Request, refused>"  # A traceback shows it.
        return f"<Request {self.operation} {self.method} attempt={self.attempt}>"


_SCHEME = re.compile(TOKEN)


def _password(token: Token) -> list[Secret[str]]:
    """Return the password in Basic credentials (RFC 7617), as it is and decoded from a form."""
    try:
        decoded = Secret(base64.b64decode(token.reveal()).decode().partition(":")[2])
    except (binascii.Error, UnicodeDecodeError):
        return []
    return [decoded, Secret(unquote_plus(decoded.reveal()))]
