"""Every exception of the library, and what a caller may do about each.

No error contains a token, a link or a body, but at most a status, a request id, and the error
code and description that the server sent.
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
"""Whether a request without a response may have reached the server.

"not sent": no byte of it was sent, so sending it again is safe.
"unknown": the server may have processed it.
"""


class PluginWarning(UserWarning):
    """A plugin or transport is ignored, because it is broken or its name is ambiguous.

    The manager works without it. Fix or uninstall it, or add it to USERSMANAGER_DISABLE.
    """


class UsersManagerError(Exception):
    """Base class of every error that this library raises.

    Attributes:
        operation: the operation that failed ("get_info", "impersonate" or "discover"), or None
            if the error was not raised by a call.
    """

    def __init__(self, message: str = "", *, operation: str | None = None) -> None:
        super().__init__(message)
        self.operation = operation

    def _without_traceback(self) -> Self:
        """Return this error without its traceback, cause and context.

        Their frames may hold a token. Raise the error after the `except` block: inside it, Python
        would set the context again.
        """
        self.__cause__ = self.__context__ = None
        return self.with_traceback(None)


class ArgumentError(UsersManagerError, ValueError):
    """An argument is missing or not valid. Nothing was sent.

    Correct the call. It is raised by the method itself, even if a callback is given.
    """


class PluginError(UsersManagerError):
    """A plugin or transport is missing, broken or ambiguous, or violates its contract.

    Correct the configuration or the plugin.
    """


class LifecycleError(UsersManagerError):
    """A manager was used after its close, in another event loop, or with the wrong `with`.

    Create one manager per event loop, and use it inside its `with` or `async with` block. A
    callback of AsyncUsersManager also gets this error if its call was cancelled.
    """


class TransportError(UsersManagerError):
    """No complete response arrived. Try again later if repeating is safe.

    Attributes:
        phase: "not sent" if no byte of the request was sent, otherwise "unknown". Repeating is
            safe for "not sent", and always for `get_info`.
    """

    def __init__(
        self, message: str = "", *, phase: Phase = "unknown", operation: str | None = None
    ) -> None:
        super().__init__(message, operation=operation)
        self.phase: Phase = phase


class _NotSentError(TransportError):
    """A failure that is only possible before the first byte of a request is sent."""

    def __init__(self, message: str = "", *, operation: str | None = None) -> None:
        super().__init__(message, phase="not sent", operation=operation)


class ConnectError(_NotSentError):
    """No connection was established: refused, unreachable, unknown host, or timed out.

    Check the URL, the network and the proxy; repeating is safe.
    """


class TLSError(TransportError):
    """TLS failed: the certificate, host name or version is not accepted, or a record is corrupt.

    Check the certificates of both sides; it is never retried. The phase is "unknown" if TLS failed
    after the request was sent, as with a client certificate that a TLS 1.3 server rejects.
    """


class PoolTimeoutError(_NotSentError):
    """No connection became available before the deadline. Increase the transport's `pool_size`."""


class DeadlineExceededError(TransportError, TimeoutError):
    """The `timeout` of the call expired. Allow more time, or treat the server as unavailable."""


class DisconnectedError(TransportError):
    """The connection was closed before the response was complete. Try again if that is safe."""


class ProtocolError(TransportError):
    """The response is malformed, or its framing is ambiguous. The server or a proxy is broken."""


class BodyTooLargeError(TransportError):
    """The response body is larger than the transport's `max_response_bytes`: increase it."""


class RateLimit(NamedTuple):
    """The X-RateLimit headers of a response. A header that was not sent is None.

    Attributes:
        limit: the number of calls allowed per window.
        remaining: the number of calls left in this window.
        reset: the end of this window, in seconds since the Unix epoch.
    """

    limit: int | None
    remaining: int | None
    reset: int | None


class APIError(UsersManagerError):
    """The server responded with an error status.

    Attributes:
        status: the HTTP status.
        error: the error code of the server, such as "invalid_token", or None.
        error_description: the description that the server sent, or None.
        retry_after: the seconds to wait before the next call, or None.
        rate_limit: the X-RateLimit headers, or None.
        request_id: the id that the server gave the request, for its support, or None.
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
    """3xx. Redirects are not followed, as they would send the token elsewhere. Correct the URL."""


class UnauthorizedError(APIError):
    """401. The token has expired, was revoked, or is for another API. Get a new one."""


class ForbiddenError(APIError):
    """403. The token is valid but lacks a scope, such as "openid". Request one that has it."""


class NotFoundError(APIError):
    """404. The user or the endpoint does not exist. Check the id and the base URL."""


class RateLimitedError(APIError):
    """429. Too many requests. Wait `retry_after` seconds, if it is not None, and try again."""


class ServerError(APIError):
    """5xx. The server failed. Try again later, if repeating is safe."""


class DecodeError(UsersManagerError):
    """The status is a success, but the body is not valid. Check the settings of the provider."""


class SubjectMismatchError(DecodeError):
    """The profile has another subject than expected. Do not use it (OIDC Core, section 5.3.2)."""
