"""Every exception of the library, and what a caller may do about each.

No error holds a token, a link or a body: they carry a category, a status, a
request id and the server's own error fields. Where a status becomes an error is
`failures.py`; this module only says what the errors are.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, Self

__all__ = [
    "APIError",
    "ArgumentError",
    "BodyTooLargeError",
    "ConnectError",
    "DeadlineExceededError",
    "DecodeError",
    "DisconnectedError",
    "ForbiddenError",
    "LifecycleError",
    "NotFoundError",
    "Phase",
    "PluginError",
    "PluginWarning",
    "PoolTimeoutError",
    "ProtocolError",
    "RateLimit",
    "RateLimitedError",
    "RedirectError",
    "ServerError",
    "SubjectMismatchError",
    "TLSError",
    "TransportError",
    "UnauthorizedError",
    "UsersManagerError",
]

Phase = Literal["not sent", "unknown"]
"""How far a request without a response came. "not sent": no byte of it left, so
repeating is always safe. "unknown": the server may have acted on it."""


class PluginWarning(UserWarning):
    """A plugin or transport is ignored: it is broken, or its name is taken. The client works."""


class UsersManagerError(Exception):
    """The base of every error this library raises.

    Attributes:
        operation: the operation that failed ("get_info", "impersonate"), or None
            for an error that belongs to no call.
    """

    def __init__(self, message: str = "", *, operation: str | None = None) -> None:
        super().__init__(message)
        self.operation = operation

    def without_traceback(self) -> Self:
        """Return this error without its traceback, cause and context, which may hold a token.

        Raise it after the `except` block has ended, or Python adds the context again.

        Example:
            ```python
            try:
                return library.send(...)
            except Exception as error:
                failure = DisconnectedError("the connection ended")
            raise failure.without_traceback()
            ```
        """
        self.__cause__ = self.__context__ = None
        return self.with_traceback(None)


class ArgumentError(UsersManagerError, ValueError):
    """An argument is missing or not valid. Raised at the call; nothing was sent."""


class PluginError(UsersManagerError):
    """A plugin or transport cannot be found, loaded or composed, or broke its contract."""


class LifecycleError(UsersManagerError):
    """A manager was used after its close, in a second event loop, or with the wrong `with`."""


class TransportError(UsersManagerError):
    """No complete response arrived.

    Attributes:
        phase: "not sent" if repeating is certainly safe, else "unknown".
    """

    def __init__(
        self, message: str = "", *, phase: Phase = "unknown", operation: str | None = None
    ) -> None:
        super().__init__(message, operation=operation)
        self.phase: Phase = phase


class _NotSentError(TransportError):
    """What can only happen before the first byte of a request."""

    def __init__(self, message: str = "", *, operation: str | None = None) -> None:
        super().__init__(message, phase="not sent", operation=operation)


class ConnectError(_NotSentError):
    """No connection could be made: refused, unreachable, no such host, or too slow."""


class TLSError(TransportError):
    """TLS failed: certificate, host name, version, or a record that is not what it should be.

    Never retried. The phase is "unknown" if it failed after the request was sent, as it does
    when a server refuses the client's certificate under TLS 1.3.
    """


class PoolTimeoutError(_NotSentError):
    """Every pooled connection stayed busy until the deadline. Allow a larger pool."""


class DeadlineExceededError(TransportError, TimeoutError):
    """The call's `timeout` has passed."""


class DisconnectedError(TransportError):
    """The connection ended after the request was sent and before its response was whole."""


class ProtocolError(TransportError):
    """What came back is not an HTTP response this client accepts."""


class BodyTooLargeError(TransportError):
    """The response's body is larger than the transport allows."""


class RateLimit(NamedTuple):
    """The server's X-RateLimit headers; a field not sent is None.

    Attributes:
        limit: calls allowed in the window.
        remaining: calls left in the window.
        reset: when the window ends, in seconds since the Unix epoch.
    """

    limit: int | None
    remaining: int | None
    reset: int | None


class APIError(UsersManagerError):
    """The server answered with an error status.

    Attributes:
        status: the HTTP status.
        error: the server's error code, such as "invalid_token", if it sent one.
        error_description: the server's own words, if it sent any.
        retry_after: seconds the server asks to wait, if it said so.
        rate_limit: the X-RateLimit headers, if it sent any.
        request_id: the server's id of the request, to quote to its support.
    """

    def __init__(
        self,
        message: str = "",
        *,
        operation: str | None = None,
        status: int = 0,
        error: str | None = None,
        error_description: str | None = None,
        retry_after: float | None = None,
        rate_limit: RateLimit | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, operation=operation)
        self.status = status
        self.error = error
        self.error_description = error_description
        self.retry_after = retry_after
        self.rate_limit = rate_limit
        self.request_id = request_id


class RedirectError(APIError):
    """3xx. Redirects are never followed: they would carry the token elsewhere. Mend base_url."""


class UnauthorizedError(APIError):
    """401. The token is expired, revoked or for another API. Get a new one."""


class ForbiddenError(APIError):
    """403. The token is good, but not for this: mostly a missing scope, such as "openid"."""


class NotFoundError(APIError):
    """404. No such user or endpoint."""


class RateLimitedError(APIError):
    """429. Too many requests; `retry_after` says when to come back."""


class ServerError(APIError):
    """5xx. The server's trouble; try later."""


class DecodeError(UsersManagerError):
    """A success whose body is not what the operation promises."""


class SubjectMismatchError(DecodeError):
    """The profile is of another subject than expected. Do not use it (OIDC Core, 5.3.2)."""
