"""Response: an immutable message, with a repr that is safe to log.

What its status or body means is decided in ``_operations``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ..errors import RateLimit
from . import dates, rate_limit, retry_after
from .call import Call
from .headers import HeaderInput, Headers

__all__ = ["Response"]


@dataclass(frozen=True, init=False, eq=False, repr=False, slots=True)
class Response:
    """A complete response.

    Args:
        status: the HTTP status, 100 to 999.
        headers: a mapping or pairs; a name may be repeated.
        body: the bytes of the body, as received.

    Raises:
        TypeError: the status is not an int from 100 to 999, or the body is not bytes.

    Example::

        Response(200, {"Content-Type": "application/json"}, b'{"sub": "auth0|1"}')
    """

    status: int
    headers: Headers
    body: bytes
    _call: Call | None

    def __init__(self, status: int, headers: HeaderInput = (), body: bytes = b"") -> None:
        try:
            if type(status) is not int or not 100 <= status <= 999:
                raise TypeError("a status is an int from 100 to 999")
            if not isinstance(body, bytes):
                raise TypeError("a body is bytes")
            object.__setattr__(self, "status", status)
            headers = headers if isinstance(headers, Headers) else Headers(headers)
            object.__setattr__(self, "headers", headers)
            object.__setattr__(self, "body", body)
            object.__setattr__(self, "_call", None)
        finally:
            del headers, body  # They may contain a secret, and a traceback shows local variables.

    def _in_call(self, call: Call) -> Response:
        """Return a copy that knows the secrets of its call."""
        copy, put = object.__new__(Response), object.__setattr__
        put(copy, "status", self.status)
        put(copy, "headers", self.headers)
        put(copy, "body", self.body)
        put(copy, "_call", call)
        return copy

    def _redact(self, text: str) -> str:
        """Return a text of this response without any secret of its call that it may echo."""
        return text if self._call is None else self._call.redact(text)

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
        if not hasattr(self, "body"):
            return "<Response, refused>"  # A traceback shows it.
        return f"<Response {self.status} of {len(self.body)} bytes>"
