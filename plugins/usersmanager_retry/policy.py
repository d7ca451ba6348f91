"""Decide which calls to retry and how long to wait first: tenacity strategies.

The `args` of tenacity's RetryCallState are the request; its ``outcome`` is a Response or a
TransportError.
"""

from __future__ import annotations

from tenacity import RetryCallState, wait_random_exponential
from tenacity.wait import wait_base

from usersmanager import (
    BodyTooLargeError,
    ConnectError,
    PoolTimeoutError,
    ProtocolError,
    Request,
    Response,
    TLSError,
    TransportError,
)

from .settings import validate_wait

__all__ = ["full_jitter", "is_retryable"]

# From an edge server whose origin does not answer, like 502 and 504 (Cloudflare's 5xx errors). 525
# and 526 are missing: they concern the certificate of the origin.
_EDGE = frozenset({520, 521, 522, 523, 524, 527, 530})
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504}) | _EDGE
_NOT_PROCESSED = frozenset({429})  # A status that the server sends instead of processing.
_OVERLOADED = frozenset({429, 503})
# A retry would fail in the same way, or the client itself is the bottleneck.
_PERMANENT = (TLSError, PoolTimeoutError, ProtocolError, BodyTooLargeError)


def is_retryable(state: RetryCallState) -> bool:
    """Return whether the error is transient and the request may be sent again.

    A request that is not idempotent may be sent again only if it was certainly not processed
    (RFC 9110, section 9.2.2).
    """
    outcome = _outcome(state)
    if not isinstance(outcome, Response | TransportError):
        return False
    request: Request = state.args[0]
    if isinstance(outcome, Response):
        return outcome.status in (_TRANSIENT if request.idempotent else _NOT_PROCESSED)
    return not _is_permanent(outcome) and (request.idempotent or not outcome.sent)


def _outcome(state: RetryCallState) -> object:
    """Return the response or the error of the last attempt."""
    if state.outcome is None:
        return None
    return state.outcome.exception() or state.outcome.result()


def _is_permanent(error: TransportError) -> bool:
    if isinstance(error, ConnectError) and error.proxy_status is not None:
        return error.proxy_status not in _TRANSIENT
    return isinstance(error, _PERMANENT)


class full_jitter(wait_base):  # noqa: N801 - tenacity names its strategies like this.
    """Wait a random time up to a limit that doubles, or as long as the server asks, if longer.

    Args:
        base: the limit before the first retry, in seconds, 0 or more.
        overloaded_base: the same after a 429 or 503.
        maximum: the maximum of the limit, in seconds. A server may ask for more, up to the
            ``max_wait`` of `Retry`.

    Raises:
        ArgumentError: an argument is not a number, or negative or infinite.

    Example::

        Retry(wait=full_jitter(maximum=30), max_wait=30)
    """

    def __init__(
        self, base: float = 0.1, overloaded_base: float = 1.0, maximum: float = 5.0
    ) -> None:
        maximum = validate_wait("maximum", maximum)
        self._default = _random_exponential("base", base, maximum)
        self._overloaded = _random_exponential("overloaded_base", overloaded_base, maximum)

    def __call__(self, retry_state: RetryCallState) -> float:
        """Return the seconds to wait before the next attempt."""
        outcome = _outcome(retry_state)
        is_overloaded = isinstance(outcome, Response) and outcome.status in _OVERLOADED
        wait = self._overloaded if is_overloaded else self._default
        asked = outcome.retry_after if isinstance(outcome, Response | TransportError) else None
        return max(wait(retry_state), asked or 0.0)


def _random_exponential(name: str, base: float, maximum: float) -> wait_random_exponential:
    return wait_random_exponential(multiplier=validate_wait(name, base), max=maximum)
