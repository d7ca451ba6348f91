"""All exceptions of the library, and how to handle each.

No error contains a token, a link or a body. An error may contain a status, a request id, and the
error code and description sent by the server.
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
    "MissingTokenError",
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
    """A plugin is skipped: it failed, its name is ambiguous, or the environment excludes it.

    The manager works without it. Fix or uninstall the plugin, or add it to USERSMANAGER_DISABLE.
    If an environment variable excludes it, do not request it. If the metadata of this library is
    missing, no plugin is found: pass instances, or keep the metadata.
    """


class UsersManagerError(Exception):
    """Base class of every error that this library raises.

    The messages of transport errors, API errors and decoding errors begin with the operation and
    the origin: "get_info at https://tenant.auth0.com failed with 503 Service Unavailable".

    Args:
        message: what happened.

    Attributes:
        operation: the operation that failed, such as "get_info", "impersonate" or "discover", or
            None if the error was not raised by a call.
        origin: the scheme, host and port of the endpoint, such as "https://tenant.auth0.com", or
            None if the error was not raised by a call.
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

    def _add_context(self, operation: str, origin: str) -> None:
        """Add the operation and the origin, unless this error has its own."""
        self.operation = self.operation or operation
        self.origin = self.origin or origin

    def _without_traceback(self) -> Self:
        """Return this error without its traceback, cause and context.

        Their frames may hold a token. Raise the error after the `except` block: inside it, Python
        would set the context again.
        """
        error: BaseException = self
        error.__cause__ = error.__context__ = None
        return self.with_traceback(None)


class ArgumentError(UsersManagerError, ValueError):
    """An argument is missing or invalid. Nothing was sent.

    Correct the call. The method raises this error itself, even if it was given a callback.
    """


class InvalidTokenError(ArgumentError):
    """The string passed to ``get_info`` cannot be a bearer token (RFC 6750).

    It is empty, contains a space or is not ASCII, for example. If a user sent the token, an API
    should answer 401. A token of another type is a programming error: a plain `ArgumentError`.
    """


class MissingTokenError(InvalidTokenError):
    """A request to your API has no bearer token. `usersmanager.web.bearer_token` raises this error.

    The API should answer 401, without an error code (RFC 6750, section 3.1).
    """


class PluginError(UsersManagerError):
    """A plugin or transport is missing, broken or ambiguous, or violates its contract.

    Correct the configuration or the plugin.
    """


class LifecycleError(UsersManagerError):
    """A manager was used after it was closed, without an event loop, or with the wrong ``with``.

    Use it inside its ``with`` or ``async with`` block, and before the program ends: a call also
    raises this error if Python no longer allows it because the interpreter is shutting down. A
    callback of AsyncUsersManager gets it if its call was cancelled.
    """


class ProviderUnavailableError(UsersManagerError):
    """The provider is unavailable. Try again later; an API should answer 503.

    A plugin, such as a circuit breaker, may raise it instead of sending a request.

    Args:
        message: what happened.
        operation: see `UsersManagerError`.
        origin: see `UsersManagerError`.

    Raises:
        TypeError: ``retry_after`` is not a number or None.
        ValueError: ``retry_after`` is negative.

    Attributes:
        retry_after: the seconds to wait before the next call, or None if unknown.
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
        self.retry_after: float | None = _seconds(retry_after)


class TransportError(ProviderUnavailableError):
    """No complete response arrived. Try again later if repeating is safe.

    Args:
        message: what happened.
        sent: see below.
        reason: see below. Some classes replace "other" with their own reason: PoolTimeoutError
            with "pool_timeout", DeadlineExceededError with "deadline", ProtocolError with
            "malformed", BodyTooLargeError with "too_large".
        retry_after: see `ProviderUnavailableError`.
        operation: see `UsersManagerError`.
        origin: see `UsersManagerError`.

    Raises:
        ValueError: ``reason`` is not one of the fixed set of words, or ``retry_after`` is
            negative.
        TypeError: ``retry_after`` is not a number or None.

    Attributes:
        sent: False only if no byte of the request was written in the last attempt. Repeating the
            call is then safe, as it always is for ``get_info``.
        reason: one of a fixed set of words, for dashboards and alerts: see "Errors" in the
            documentation.
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
    """An error that can occur only before the first byte of the request is sent."""

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

    Args:
        message: what happened.
        reason: see `TransportError`.
        retry_after: see `ProviderUnavailableError`.
        operation: see `UsersManagerError`.
        origin: see `UsersManagerError`.

    Attributes:
        proxy_status: the status of a proxy that refused the tunnel ("proxy_refused"), or None.
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

    Check the certificates on both sides. This error is never retried. `sent` is True if TLS failed
    after the request was sent, for example if a TLS 1.3 server rejects the client certificate.
    """


class PoolTimeoutError(_NotSentError):
    """No connection became available before the deadline. Increase ``pool_size``."""

    _reason_of_class = "pool_timeout"


class DeadlineExceededError(TransportError, TimeoutError):
    """The ``timeout`` of the call expired. Increase it, or treat the server as unavailable."""

    _reason_of_class = "deadline"


class DisconnectedError(TransportError):
    """The connection was closed before the response was complete. Try again if that is safe."""


class ProtocolError(TransportError):
    """The response is malformed, or its framing is ambiguous. The server or a proxy is broken."""

    _reason_of_class = "malformed"


class BodyTooLargeError(TransportError):
    """The response body is larger than the transport's ``max_response_bytes``: increase it."""

    _reason_of_class = "too_large"


class RateLimit(NamedTuple):
    """The rate limit in the headers of a response. A missing value is None.

    Attributes:
        limit: the number of calls allowed per window.
        remaining: the number of calls left in this window.
        reset: the end of this window, as a Unix timestamp in seconds, however the server writes it.
    """

    limit: int | None
    remaining: int | None
    reset: int | None


class APIError(UsersManagerError):
    """The server responded with an error status.

    Args:
        message: the status and its phrase.
        operation: see `UsersManagerError`.
        origin: see `UsersManagerError`.

    Raises:
        TypeError: ``retry_after`` is not a number or None.
        ValueError: ``retry_after`` is negative.

    Attributes:
        status: the HTTP status.
        error: the error code sent by the server, such as "invalid_token", or None.
        error_description: the description sent by the server, or None.
        retry_after: the seconds to wait before the next call, or None.
        rate_limit: the rate limit in the headers, or None.
        request_id: the server's id for the request, for support tickets, or None.
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
        self.retry_after: float | None = _seconds(retry_after)
        self.rate_limit = rate_limit
        self.request_id = request_id


class RedirectError(APIError):
    """3xx: redirects are not followed, as they could send the token elsewhere. Correct the URL."""


class UnauthorizedError(APIError):
    """401: the token has expired, was revoked, or is for another API. Get a new one."""


class ForbiddenError(APIError):
    """403: the token is valid but lacks a scope, such as "openid". Get one with that scope."""


class NotFoundError(APIError):
    """404: the user or the endpoint does not exist. Check the id and the base URL."""


class RateLimitedError(APIError, ProviderUnavailableError):
    """429: too many requests. Wait ``retry_after`` seconds, if it is not None, and try again."""


class ServerError(APIError, ProviderUnavailableError):
    """5xx: the server failed. Try again later if repeating is safe."""


class DecodeError(UsersManagerError):
    """The request succeeded, but the body is invalid. Check the settings of the provider.

    Args:
        message: what is wrong with the body.
        operation: see `UsersManagerError`.
        origin: see `UsersManagerError`.

    Attributes:
        error: the error code, if the body reports an error in spite of its status, or None.
        error_description: the description of that error, or None.
    """

    _verb = "failed:"

    def __init__(
        self,
        message: str = "",
        *,
        error: str | None = None,
        error_description: str | None = None,
        operation: str | None = None,
        origin: str | None = None,
    ) -> None:
        super().__init__(message, operation=operation, origin=origin)
        self.error = error
        self.error_description = error_description


class SubjectMismatchError(DecodeError):
    """The profile has an unexpected subject. Do not use it (OIDC Core, section 5.3.2)."""


def _seconds(retry_after: float | None) -> float | None:
    """Check the seconds to wait, which a plugin may have read from a header itself."""
    if isinstance(retry_after, bool) or not isinstance(retry_after, int | float | None):
        raise TypeError("retry_after must be a number of seconds, or None")
    if retry_after is not None and not retry_after >= 0:  # Also if it is NaN.
        raise ValueError("retry_after must be 0 or more seconds")
    return retry_after
