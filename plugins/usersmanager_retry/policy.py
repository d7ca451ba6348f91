"""Which outcomes are worth repeating, and how long to wait first: tenacity strategies.

Both are given tenacity's RetryCallState, whose `args` hold the request and whose
`outcome` is a Response or a TransportError.
"""

from __future__ import annotations

from tenacity import RetryCallState, wait_random_exponential
from tenacity.wait import wait_base

from usersmanager import (
    BodyTooLargeError,
    PoolTimeoutError,
    Request,
    Response,
    TLSError,
    TransportError,
)

__all__ = ["full_jitter", "repeatable"]

_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_NOT_PROCESSED = frozenset({429})
_OVERLOADED = frozenset({429, 503})
# They come again however often one asks, or the client itself is the bottleneck.
_HOPELESS = (TLSError, PoolTimeoutError, BodyTooLargeError)


def repeatable(state: RetryCallState) -> bool:
    """Whether to ask again. What is not idempotent only if it was surely not processed.

    Source: RFC 9110, section 9.2.2.
    """
    if state.outcome is None:
        return False
    request: Request = state.args[0]
    error = state.outcome.exception()
    if error is None:
        response: Response = state.outcome.result()
        return response.status in (_TRANSIENT if request.idempotent else _NOT_PROCESSED)
    if not isinstance(error, TransportError) or isinstance(error, _HOPELESS):
        return False
    return error.phase == "not sent" or request.idempotent


class full_jitter(wait_base):  # noqa: N801 - named as tenacity names its strategies
    """A random wait up to a bound that doubles, or what the server asks for if longer.

    Args:
        base: seconds; the bound before the first retry.
        overloaded_base: the same after a 429 or 503.
        maximum: seconds; the bound never grows beyond. A server may ask for more, up to the
            `max_wait` of `Retry`.
    """

    def __init__(
        self, base: float = 0.1, overloaded_base: float = 1.0, maximum: float = 5.0
    ) -> None:
        self._usual = wait_random_exponential(multiplier=base, max=maximum)
        self._overloaded = wait_random_exponential(multiplier=overloaded_base, max=maximum)

    def __call__(self, retry_state: RetryCallState) -> float:
        """Seconds to wait before the next attempt."""
        outcome = retry_state.outcome
        if outcome is None or outcome.failed:
            return self._usual(retry_state)
        response: Response = outcome.result()
        wait = self._overloaded if response.status in _OVERLOADED else self._usual
        return max(wait(retry_state), response.retry_after or 0.0)
