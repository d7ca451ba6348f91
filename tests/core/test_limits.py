"""Numbers that bound something."""

from __future__ import annotations

import math
from typing import Any

import pytest

from usersmanager import ArgumentError
from usersmanager.plugins import validate_count, validate_seconds
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_httptools import HttptoolsTransport
from usersmanager_urllib3 import Urllib3Transport

TRANSPORTS = [Urllib3Transport, AiohttpTransport, HttptoolsTransport]


@pytest.mark.parametrize("seconds", [1, 0.001, 3.5, 1e9])
def test_seconds_are_a_positive_number(seconds: float) -> None:
    assert validate_seconds("wait", seconds) == seconds
    assert type(validate_seconds("wait", seconds)) is float


@pytest.mark.parametrize("value", [None, "1", True, b"1", [1]])
def test_what_is_no_number_is_no_number_of_seconds(value: object) -> None:
    with pytest.raises(ArgumentError, match=r"^wait must be a number of seconds$"):
        validate_seconds("wait", value)


@pytest.mark.parametrize("value", [0, -1, 0.0, -0.5, math.inf, -math.inf, math.nan])
def test_a_number_that_bounds_nothing_is_refused(value: float) -> None:
    words = r"^wait must be positive and finite: a call never hangs$"
    with pytest.raises(ArgumentError, match=words):
        validate_seconds("wait", value)


@pytest.mark.parametrize("value", [0, -1, 1.0, True, None, "1"])
def test_a_count_is_a_whole_number_above_0(value: object) -> None:
    assert validate_count("tries", 1) == 1
    with pytest.raises(ArgumentError, match=r"^tries must be a whole number, 1 or more$"):
        validate_count("tries", value)


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize(
    "settings",
    [
        *({"connect_timeout": value} for value in (0, -1, None, math.nan, math.inf)),
        *({"pool_size": value} for value in (0, None, 1.5)),
        *({"max_response_bytes": value} for value in (0, None)),
    ],
)
def test_every_transport_refuses_to_be_unbounded(kind: Any, settings: Any) -> None:
    with pytest.raises(ArgumentError, match=next(iter(settings))):
        kind(**settings)
