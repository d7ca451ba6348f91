"""Request and Response: immutable, redacted, and what goes on the wire."""

from __future__ import annotations

import copy
from enum import Enum
from typing import Any

import pytest
from tests.support import make_request

from usersmanager import ArgumentError, PluginError, Response
from usersmanager.plugins import Token
from usersmanager.transports import Deadline


def test_a_request_cannot_be_changed() -> None:
    request = make_request()
    with pytest.raises(AttributeError):
        request.method = "POST"  # type: ignore[misc] # That it can't is the point.
    with pytest.raises(TypeError):
        request.headers["X-A"] = "1"  # type: ignore[index] # That it can't is the point.


def test_changing_headers_gives_a_copy() -> None:
    request = make_request()
    changed = request.with_headers({"accept": "text/plain", "X-A": "1"})
    assert changed.headers["X-A"] == "1"
    assert changed.headers["Accept"] == "text/plain"
    assert "X-A" not in request.headers


@pytest.mark.parametrize(
    "name", ["Host", "authorization", "COOKIE", "Transfer-Encoding", "bad name"]
)
def test_a_plugin_that_sets_a_reserved_header_breaks_its_contract(name: str) -> None:
    with pytest.raises(PluginError):
        make_request().with_headers({name: "hush"})


def test_the_token_is_on_the_wire_and_nowhere_else() -> None:
    request = make_request()
    assert request.headers_to_send()["Authorization"] == "Bearer hush"
    assert "Authorization" not in request.headers
    assert "hush" not in repr(request)
    assert "hush" not in str(request.headers)


def test_the_headers_to_send_of_an_idempotent_request_are_these() -> None:
    assert list(make_request().headers_to_send().items()) == [
        ("Host", "tenant.example:8443"),
        ("Accept", "application/json"),
        ("Accept-Encoding", "identity"),
        ("Authorization", "Bearer hush"),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"headers": {}},
        {"token": Token.empty()},
        {"method": "POST", "body": b"{}", "idempotent": False},
        {"headers": {"Accept": "a", "X-A": "1"}},
    ],
)
def test_the_text_on_the_wire_is_the_headers_on_the_wire(changes: dict[str, Any]) -> None:
    for request in (make_request(**changes), make_request(**changes).with_headers({"X-B": "2"})):
        lines = [f"{name}: {value}\r\n" for name, value in request.headers_to_send().items()]
        assert request.serialized_headers() == "".join(lines)


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"Authorization": "x"},
        {"X": "a\r\nY: 1"},
        [("X", "1"), ("x", "2")],
    ],
)
def test_a_request_is_made_with_no_headers_that_it_could_not_be_given(headers: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        make_request(headers=headers)
    assert str(caught.value).startswith("headers: ")


def test_a_copy_of_what_can_not_be_changed_is_itself() -> None:
    for one in (make_request(), Response(200, {"A": "1"}, b"x")):
        assert copy.copy(one) is one
        assert copy.deepcopy(one) is one


def test_what_is_checked_of_a_str_is_what_is_sent() -> None:
    class Evil(str):
        __slots__ = ()

        def __format__(self, spec: str) -> str:
            return "a\r\nEvil: 1"

        __str__ = __format__

    class Tenant(str, Enum):  # noqa: UP042 - whose format is its name.
        SEVEN = "7"

    fields: dict[str, str] = {Evil("X"): Evil("fine"), "X-Tenant": Tenant.SEVEN}
    for request in (
        make_request(headers={}, token=Token(Evil("hush"))).with_headers(fields),
        make_request(headers=fields).with_token(Evil("hush")),
    ):
        assert request.serialized_headers().split("\r\n")[1:] == [
            *("X: fine", "X-Tenant: 7", "Accept-Encoding: identity"),
            *("Authorization: Bearer hush", ""),
        ]


def test_a_request_that_is_not_idempotent_closes_its_connection() -> None:
    wire = make_request(method="POST", body=b"{}", idempotent=False).headers_to_send()
    assert (wire["Connection"], wire["Content-Length"]) == ("close", "2")


def test_another_token_is_checked_and_goes_on_the_wire() -> None:
    request = make_request()
    assert request.with_token("new").headers_to_send()["Authorization"] == "Bearer new"
    assert request.with_token(Token("new")).token.reveal() == "new"
    assert request.token.reveal() == "hush"
    with pytest.raises(ArgumentError):
        request.with_token("not a token")


def test_a_request_knows_the_time_it_has_left() -> None:
    assert 4 < make_request().remaining() <= 5
    assert make_request(deadline=Deadline.after(-1)).remaining() < 0


def test_a_response_takes_mappings_and_pairs() -> None:
    assert Response(200, {"A": "1"}).headers["a"] == "1"
    assert Response(200, [("A", "1"), ("a", "2")]).headers.getall("A") == ["1", "2"]
    assert Response(204).body == b""


@pytest.mark.parametrize(
    "arguments",
    [("200", {}, b""), (99, {}, b""), (1000, {}, b""), (True, {}, b""), (200, {}, "text")],
)
def test_a_response_of_other_types_is_refused(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        Response(*arguments)


def test_a_response_shows_its_status_and_size_alone() -> None:
    assert repr(Response(200, {"X-Secret": "hush"}, b"hush")) == "<Response 200 of 4 bytes>"


def test_a_response_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Response(200).status = 201  # type: ignore[misc] # That it can't is the point.
