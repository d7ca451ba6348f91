"""The exceptions as a whole."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import usersmanager
from usersmanager import (
    APIError,
    ArgumentError,
    BodyTooLargeError,
    ConnectError,
    DeadlineExceededError,
    DecodeError,
    DisconnectedError,
    PoolTimeoutError,
    ProtocolError,
    ProviderUnavailableError,
    RateLimit,
    RateLimitedError,
    ServerError,
    SubjectMismatchError,
    TLSError,
    TransportError,
    UsersManagerError,
)

ERRORS = [getattr(usersmanager, name) for name in usersmanager.__all__ if name.endswith("Error")]


@pytest.mark.parametrize("error_type", ERRORS, ids=lambda error_type: error_type.__name__)
def test_every_error_can_be_pickled_with_its_fields(error_type: type[UsersManagerError]) -> None:
    error = error_type("words", operation="get_info", origin="https://tenant.example")
    # Every attribute has another value than by default.
    changes = {"sent": not getattr(error, "sent", False), "rate_limit": RateLimit(1, 2, 3)}
    for name in vars(error).keys() - {"operation", "origin"}:
        setattr(error, name, changes.get(name, "changed"))
    for duplicate in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(duplicate) is error_type
        assert (str(duplicate), vars(duplicate)) == (str(error), vars(error))


def test_every_error_has_the_same_base_class() -> None:
    assert all(issubclass(error_type, UsersManagerError) for error_type in ERRORS)


def test_errors_are_subclasses_of_the_matching_built_in_ones() -> None:
    assert issubclass(ArgumentError, ValueError)
    assert issubclass(DeadlineExceededError, TimeoutError)
    assert issubclass(SubjectMismatchError, DecodeError)


def test_sent_is_true_by_default_except_for_errors_before_sending() -> None:
    assert ConnectError("x").sent is PoolTimeoutError("x").sent is False
    assert DisconnectedError("x").sent is True
    assert DisconnectedError("x", sent=False).sent is False


@pytest.mark.parametrize("error_type", [ConnectError, PoolTimeoutError])
def test_the_errors_before_sending_take_no_sent(error_type: Any) -> None:
    with pytest.raises(TypeError, match="sent"):
        error_type("x", sent=True)


def test_one_base_class_covers_all_that_keeps_a_provider_from_being_asked() -> None:
    unavailable = {error for error in ERRORS if issubclass(error, ProviderUnavailableError)}
    transport_errors = {error for error in ERRORS if issubclass(error, TransportError)}
    other = {ProviderUnavailableError, RateLimitedError, ServerError}
    assert unavailable == transport_errors | other
    assert issubclass(RateLimitedError, APIError)
    assert issubclass(ServerError, APIError)


WITH_RETRY_AFTER = [
    *(ProviderUnavailableError, TransportError, ConnectError),
    *(APIError, RateLimitedError, ServerError),
]


@pytest.mark.parametrize("error_type", WITH_RETRY_AFTER)
def test_an_error_says_when_to_try_again(error_type: Any) -> None:
    assert error_type("x").retry_after is None
    assert error_type("x", retry_after=2.5).retry_after == 2.5


@pytest.mark.parametrize(
    ("error_type", "reason"),
    [
        (TransportError, "other"),
        (ConnectError, "other"),
        (DisconnectedError, "other"),
        (TLSError, "other"),
        (PoolTimeoutError, "pool_timeout"),
        (DeadlineExceededError, "deadline"),
        (ProtocolError, "malformed"),
        (BodyTooLargeError, "too_large"),
    ],
)
def test_the_reason_is_that_of_the_class_unless_another_is_given(
    error_type: Any, reason: str
) -> None:
    assert error_type("x").reason == reason
    assert error_type("x", reason="reset").reason == "reset"


def test_an_unknown_reason_is_a_mistake() -> None:
    error_type: Any = DisconnectedError
    with pytest.raises(ValueError, match="reason must be one of"):
        error_type("x", reason="sun spots")


@pytest.mark.parametrize("error_type", WITH_RETRY_AFTER)
@pytest.mark.parametrize("retry_after", ["120", b"120", [1], True])
def test_seconds_to_wait_are_a_number(error_type: Any, retry_after: Any) -> None:
    with pytest.raises(TypeError, match="retry_after must be a number of seconds"):
        error_type("x", retry_after=retry_after)


@pytest.mark.parametrize("error_type", WITH_RETRY_AFTER)
@pytest.mark.parametrize("retry_after", [-1, float("nan")])
def test_seconds_to_wait_are_not_negative(error_type: Any, retry_after: Any) -> None:
    with pytest.raises(ValueError, match="retry_after must be 0 or more"):
        error_type("x", retry_after=retry_after)
