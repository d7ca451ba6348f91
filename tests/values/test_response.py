"""Response: immutable, and its repr shows no content."""

from __future__ import annotations

from typing import Any

import pytest

from usersmanager import Response


def test_a_response_accepts_a_mapping_or_pairs() -> None:
    assert Response(200, {"A": "1"}).headers["a"] == "1"
    assert Response(200, [("A", "1"), ("a", "2")]).headers.getall("A") == ["1", "2"]
    assert Response(204).body == b""


@pytest.mark.parametrize(
    ("headers", "date"),
    [
        ({"Date": "Sun, 06 Nov 1994 08:49:37 GMT"}, 784111777),
        ({"date": " Sunday, 06-Nov-94 08:49:37 GMT "}, 784111777),
        ({}, None),
        ({"Date": "soon"}, None),
        ([("Date", "Sun, 06 Nov 1994 08:49:37 GMT")] * 2, None),
    ],
)
def test_the_date_of_a_response_is_a_number_or_none(headers: Any, date: float | None) -> None:
    assert Response(200, headers).date == date


@pytest.mark.parametrize(
    "arguments",
    [("200", {}, b""), (99, {}, b""), (1000, {}, b""), (True, {}, b""), (200, {}, "text")],
)
def test_a_response_rejects_arguments_of_other_types(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        Response(*arguments)


def test_the_repr_of_a_response_contains_only_status_and_size() -> None:
    assert repr(Response(200, {"X-Secret": "hush"}, b"hush")) == "<Response 200 of 4 bytes>"


def test_a_response_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Response(200).status = 201  # type: ignore[misc] # It can't be set.
