"""Every exception of the library, and what a caller may do about each.

No error contains a token, a link or a body, but at most a status, a request id, and the error
code and description that the server sent.
"""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple, Self, TypeAlias, get_args

__all__ = [
    "APIError",
    "ArgumentError",
    "BodyTooLargeError",
    "ConnectError",
    "DeadlineExceededError",
    "DecodeError",
    "DisconnectedError",
    "ForbiddenError",
    "InvalidTokenError",
    "LifecycleError",
    "NotFoundError",
    "PluginError",
    "PluginWarning",
    "PoolTimeoutError",
    "ProtocolError",
    "ProviderUnavailableError",
    "RateLimit",
    "RateLimitedError",
    "Reason",
    "RedirectError",
    "ServerError",
    "SubjectMismatchError",
    "TLSError",
    "TransportError",
    "UnauthorizedError",
    "UsersManagerError",
]

Reason: TypeAlias = Literal[
    "refused",
    "unreachable",
    "name_not_found",
    "resolver_timeout",
    "connect_timeout",
    "pool_timeout",
    "certificate_expired",
    "certificate_not_yet_valid",
    "unknown_authority",
    "self_signed",
    "wrong_host",
    "client_certificate",
    "tls_version",
    "tls",
    "proxy_unreachable",
    "proxy_refused",
    "reset",
    "no_response",
    "truncated",
    "deadline",
    "malformed",
    "too_large",
    "other",
]
"""Why no complete response arrived. The page "Errors" of the documentation explains each."""

_REASONS = frozenset(get_args(Reason))


class PluginWarning(UserWarning):
    """A plugin is not used: it failed, its name is ambiguous, or the environment leaves it out.

    The manager works without it. Fix or uninstall it, or add it to USERSMANAGER_DISABLE. If an
    environment variable leaves it out, do not ask for it.
    """


class UsersManagerError(Exception):
    """Base class of every error that this library raises.

    The messages of transport errors, API errors and decoding errors begin with the operation and
    the origin: "get_info at https://tenant.auth0.com failed with 503 Service Unavailable".

    Attributes:
        operation: the operation that failed ("get_info", "impersonate" or "discover"), or None
            if the error was not raised by a call.
        origin: the scheme, host and port of its endpoint: "https://tenant.auth0.com"; None if the
            error was not raised by a call.
    """

    # How the message continues after the operation and the origin; None if it names neither.
    _verb: ClassVar[str | None] = None

    def __init__(
        self, message: str = "", *, operation: str | None = None, origin: str | None = None
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.origin = origin

    def __str__(self) -> str:
        message = super().__str__()
        if self._verb is None or self.operation is None or self.origin is None:
            return message
        return f"{self.operation} at {self.origin} {self._verb} {message}"

    def _without_traceback(self) -> Self:
        """Return this error without its traceback, cause and context.

        Their frames may hold a token. Raise the error after the `except` block: inside it, Python
        would set the context again.
        """
        error: BaseException = self
        error.__cause__ = error.__context__ = None
        return self.with_traceback(None)


class ArgumentError(UsersManagerError, ValueError):
    """An argument is missing or not valid. Nothing was sent.

    Correct the call. It is raised by the method itself, even if a callback is given.
    """


class InvalidTokenError(ArgumentError):
    """The access token of `get_info` is a string that cannot be a bearer token (RFC 6750).

    It is empty, or contains a blank, a character outside ASCII, ... If a user sent it, an API
    answers 401. Any other invalid token is a mistake of the program: a plain `ArgumentError`.
    """


class PluginError(UsersManagerError):
    """A plugin or transport is missing, broken or ambiguous, or violates its contract.

    Correct the configuration or the plugin.
    """


class LifecycleError(UsersManagerError):
    """A manager was used after its close, without an event loop, or with the wrong `with`.

    Use it inside its `with` or `async with` block. A callback of AsyncUsersManager also gets this
    error if its call was cancelled.
    """


class ProviderUnavailableError(UsersManagerError):
    """The provider can't be asked now. Try again later; an API answers 503.

    A plugin may raise it instead of sending a request, as a circuit breaker does.

    Raises:
        TypeError: `retry_after` is not a number or None.

    Attributes:
        retry_after: the seconds to wait before the next call, or None if they are not known.
    """

    _verb = "failed:"

    def __init__(
        self,
        message: str = "",
        *,
        retry_after: float | None = None,
        operation: str | None = None,
        origin: str | None = None,
    ) -> None:
        super().__init__(message, operation=operation, origin=origin)
        if not isinstance(retry_after, int | float | None):
            raise TypeError("retry_after must be a number of seconds, or None")
        self.retry_after = retry_after


class TransportError(ProviderUnavailableError):
    """No complete response arrived. Try again later if repeating is safe.

    Args:
        message: what happened.
        sent: see below.
        reason: see below. "other" is replaced where the class says more: "pool_timeout" of a
            PoolTimeoutError, "deadline" of a DeadlineExceededError, "malformed" of a ProtocolError,
            "too_large" of a BodyTooLargeError.
        retry_after: see `ProviderUnavailableError`.
        operation: see `UsersManagerError`.
        origin: see `UsersManagerError`.

    Raises:
        ValueError: `reason` is not one of `Reason`.
        TypeError: `retry_after` is not a number or None.

    Attributes:
        sent: False if certainly no byte of the request was written in the last attempt. Then
            repeating is safe, as it always is for `get_info`.
        reason: one of a fixed set of words, for dashboards and alerts.
    """

    _reason_of_class: ClassVar[Reason] = "other"

    def __init__(
        self,
        message: str = "",
        *,
        sent: bool = True,
        reason: Reason = "other",
        retry_after: float | None = None,
        operation: str | None = None,
        origin: str | None = None,
    ) -> None:
        super().__init__(message, retry_after=retry_after, operation=operation, origin=origin)
        self.sent = sent
        self.reason: Reason = self._reason_of_class if reason == "other" else reason
        if self.reason not in _REASONS:
            raise ValueError(f"reason must be one of {', '.join(sorted(_REASONS))}")


class _NotSentError(TransportError):
    """A failure that is only possible before the first byte of a request is sent."""

    def __init__(
        self,
        message: str = "",
        *,
        reason: Reason = "other",
        retry_after: float | None = None,
        operation: str | None = None,
        origin: str | None = None,
    ) -> None:
        super().__init__(
            message,
            sent=False,
            reason=reason,
            retry_after=retry_after,
            operation=operation,
            origin=origin,
        )


class ConnectError(_NotSentError):
    """No connection was established: refused, unreachable, unknown host, or timed out.

    Check the URL, the network and the proxy; repeating is safe.

    Attributes:
        proxy_status: the status that a proxy refused a tunnel with ("proxy_refused"), or None.
    """

    def __init__(
        self,
        message: str = "",
        *,
        reason: Reason = "other",
        proxy_status: int | None = None,
        retry_after: float | None = None,
        operation: str | None = None,
        origin: str | None = None,
    ) -> None:
        super().__init__(
            message, reason=reason, retry_after=retry_after, operation=operation, origin=origin
        )
        self.proxy_status = proxy_status


class TLSError(TransportError):
    """TLS failed: the certificate, host name or version is not accepted, or a record is corrupt.

    Check the certificates of both sides; it is never retried. `sent` is True if TLS failed after
    the request was sent, as with a client certificate that a TLS 1.3 server rejects.
    """


class PoolTimeoutError(_NotSentError):
    """No connection became available before the deadline. Increase the transport's `pool_size`."""

    _reason_of_class = "pool_timeout"


class DeadlineExceededError(TransportError, TimeoutError):
    """The `timeout` of the call expired. Allow more time, or treat the server as unavailable."""

    _reason_of_class = "deadline"


class DisconnectedError(TransportError):
    """The connection was closed before the response was complete. Try again if that is safe."""


class ProtocolError(TransportError):
    """The response is malformed, or its framing is ambiguous. The server or a proxy is broken."""

    _reason_of_class = "malformed"


class BodyTooLargeError(TransportError):
    """The response body is larger than the transport's `max_response_bytes`: increase it."""

    _reason_of_class = "too_large"


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

    _verb = "failed with"

    def __init__(
        self,
        message: str = "",
        *,
        status: int = 0,
        error: str | None = None,
        error_description: str | None = None,
        retry_after: float | None = None,
        rate_limit: RateLimit | None = None,
        request_id: str | None = None,
        operation: str | None = None,
        origin: str | None = None,
    ) -> None:
        super().__init__(message, operation=operation, origin=origin)
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


class RateLimitedError(APIError, ProviderUnavailableError):
    """429. Too many requests. Wait `retry_after` seconds, if it is not None, and try again."""


class ServerError(APIError, ProviderUnavailableError):
    """5xx. The server failed. Try again later, if repeating is safe."""


class DecodeError(UsersManagerError):
    """The status is a success, but the body is not valid. Check the settings of the provider."""

    _verb = "failed:"


class SubjectMismatchError(DecodeError):
    """The profile has another subject than expected. Do not use it (OIDC Core, section 5.3.2)."""
