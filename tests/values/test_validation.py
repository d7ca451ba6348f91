"""Validation of arguments."""

from __future__ import annotations

import math
from typing import Any

import pytest

from usersmanager import ArgumentError
from usersmanager._values.validation import validate_text
from usersmanager.plugins import validate_count, validate_seconds
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_native import NativeTransport
from usersmanager_urllib3 import Urllib3Transport

TRANSPORTS = [Urllib3Transport, AiohttpTransport, NativeTransport]


@pytest.mark.parametrize("seconds", [1, 0.001, 3.5, 1e9])
def test_a_positive_number_of_seconds_is_returned_as_a_float(seconds: float) -> None:
    assert validate_seconds("wait", seconds) == seconds
    assert type(validate_seconds("wait", seconds)) is float


@pytest.mark.parametrize("seconds", [0, 0.0, 1])
def test_zero_seconds_are_returned_where_they_are_allowed(seconds: float) -> None:
    assert validate_seconds("wait", seconds, may_be_zero=True) == seconds


@pytest.mark.parametrize(
    "value",
    [None, "1", True, False, b"1", [1], -1, -0.5, math.inf, -math.inf, math.nan, 10**400],
)
def test_anything_but_a_finite_number_of_seconds_is_rejected(value: object) -> None:
    with pytest.raises(ArgumentError, match=r"^wait must be a finite number .* more than 0$"):
        validate_seconds("wait", value)
    with pytest.raises(ArgumentError, match=r"^wait must be a finite number .* 0 or more$"):
        validate_seconds("wait", value, may_be_zero=True)


@pytest.mark.parametrize("value", [0, 0.0])
def test_zero_seconds_are_rejected_unless_they_are_allowed(value: float) -> None:
    with pytest.raises(ArgumentError, match="more than 0"):
        validate_seconds("wait", value)


@pytest.mark.parametrize("value", [0, -1, 1.0, True, None, "1"])
def test_a_count_is_a_whole_number_of_at_least_1(value: object) -> None:
    assert validate_count("tries", 1) == 1
    with pytest.raises(ArgumentError, match=r"^tries must be a whole number"):
        validate_count("tries", value)


@pytest.mark.parametrize("value", ["", " \t", b"text", 7, False])
def test_an_optional_text_is_none_or_not_blank(value: object) -> None:
    validate_text("name", None)
    validate_text("name", "text")
    with pytest.raises(ArgumentError, match=r"^name must be a non-empty string"):
        validate_text("name", value)


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize(
    "settings",
    [
        *({"connect_timeout": value} for value in (0, -1, None, math.nan, math.inf)),
        *({"pool_size": value} for value in (0, None, 1.5)),
        *({"max_response_bytes": value} for value in (0, None)),
    ],
)
def test_every_transport_validates_its_limits(kind: Any, settings: Any) -> None:
    with pytest.raises(ArgumentError, match=next(iter(settings))):
        kind(**settings)
