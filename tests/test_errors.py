"""The exceptions as a whole."""

from __future__ import annotations

import pickle

import pytest

import usersmanager
from usersmanager import (
    APIError,
    ArgumentError,
    ConnectError,
    DeadlineExceededError,
    DecodeError,
    DisconnectedError,
    PoolTimeoutError,
    RateLimit,
    SubjectMismatchError,
    UsersManagerError,
)

ERRORS = [getattr(usersmanager, name) for name in usersmanager.__all__ if name.endswith("Error")]


@pytest.mark.parametrize("error_type", ERRORS, ids=lambda error_type: error_type.__name__)
def test_every_error_can_be_pickled_with_its_fields(error_type: type[UsersManagerError]) -> None:
    error = error_type("words", operation="get_info")
    if isinstance(error, APIError):
        error.status, error.rate_limit = 429, RateLimit(1, 2, 3)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is error_type
    assert (str(copy), vars(copy)) == ("words", vars(error))


def test_every_error_has_the_same_base_class() -> None:
    assert all(issubclass(error_type, UsersManagerError) for error_type in ERRORS)


def test_errors_are_subclasses_of_the_matching_built_in_ones() -> None:
    assert issubclass(ArgumentError, ValueError)
    assert issubclass(DeadlineExceededError, TimeoutError)
    assert issubclass(SubjectMismatchError, DecodeError)


def test_an_error_before_sending_is_not_sent_and_any_other_is_unknown() -> None:
    assert ConnectError("x").phase == PoolTimeoutError("x").phase == "not sent"
    assert DisconnectedError("x").phase == "unknown"
