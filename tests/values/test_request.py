"""Request: immutable, redacted, and the headers and forms that are sent."""

from __future__ import annotations

import copy
from enum import Enum
from typing import Any

import pytest
from tests.support import make_request

from usersmanager import ArgumentError, Request, Response
from usersmanager.plugins import Secret, Token
from usersmanager.transports import Deadline

FORM = "application/x-www-form-urlencoded"


def test_a_request_cannot_be_changed() -> None:
    request = make_request()
    with pytest.raises(AttributeError):
        request.method = "POST"  # type: ignore[misc] # It can't be set.
    with pytest.raises(TypeError):
        request.headers["X-A"] = "1"  # type: ignore[index] # It can't be set.


def test_with_headers_returns_a_changed_copy() -> None:
    request = make_request()
    changed = request.with_headers({"accept": "text/plain", "X-A": "1"})
    assert changed.headers["X-A"] == "1"
    assert changed.headers["Accept"] == "text/plain"
    assert "X-A" not in request.headers


@pytest.mark.parametrize(
    "name", ["Host", "authorization", "COOKIE", "Transfer-Encoding", "bad name"]
)
def test_setting_a_reserved_or_malformed_header_is_an_argument_error(name: str) -> None:
    with pytest.raises(ArgumentError):
        make_request().with_headers({name: "hush"})


def test_the_token_is_only_in_the_headers_to_send() -> None:
    request = make_request()
    assert request.headers_to_send()["Authorization"] == "Bearer hush"
    assert "Authorization" not in request.headers
    assert "hush" not in repr(request)
    assert "hush" not in str(request.headers)


def test_the_headers_to_send_contain_host_encoding_and_token() -> None:
    assert list(make_request().headers_to_send().items()) == [
        ("Host", "tenant.example:8443"),
        ("Accept", "application/json"),
        ("Accept-Encoding", "identity"),
        ("Authorization", "Bearer hush"),
    ]


def test_the_headers_to_send_are_plain_strings_that_any_library_can_save() -> None:
    pairs = make_request().headers_to_send().items()
    assert {type(text) for pair in pairs for text in pair} == {str}


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
def test_the_serialized_headers_are_the_headers_to_send(changes: dict[str, Any]) -> None:
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
def test_a_request_can_not_be_constructed_with_reserved_or_malformed_headers(headers: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        make_request(headers=headers)
    assert str(caught.value).startswith("headers: ")


def test_a_copy_of_an_immutable_message_is_the_message_itself() -> None:
    for message in (make_request(), Response(200, {"A": "1"}, b"x")):
        assert copy.copy(message) is message
        assert copy.deepcopy(message) is message


def test_a_subclass_of_str_is_sent_as_the_text_that_was_checked() -> None:
    class Evil(str):
        __slots__ = ()

        def __format__(self, spec: str) -> str:
            return "a\r\nEvil: 1"

        __str__ = __format__

    class Tenant(str, Enum):  # noqa: UP042 - a StrEnum would be formatted as its value.
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


def test_a_request_closes_its_connection_if_it_is_told_to() -> None:
    request = make_request()
    assert "Connection" not in request.headers_to_send()
    closing = request.with_connection_close().with_headers({"X": "1"}).with_attempt(2)
    assert closing.close_connection
    assert closing.headers_to_send()["Connection"] == "close"
    assert closing.serialized_headers().count("Connection: close\r\n") == 1
    assert not request.close_connection


def test_another_token_is_checked_and_sent() -> None:
    request = make_request()
    assert request.with_token("new").headers_to_send()["Authorization"] == "Bearer new"
    assert request.with_token(Token("new")).token.reveal() == "new"
    assert request.token.reveal() == "hush"
    with pytest.raises(ArgumentError):
        request.with_token("not a token")


def test_a_call_tells_whether_its_token_has_changed() -> None:
    request = make_request()
    call = request.call
    request.with_headers({"X-A": "1"}).with_token("hush").with_attempt(2)
    assert (call.token_changed, call.token_changes) == (False, 0)
    changed = request.with_token("new")
    assert (call.token_changed, call.token_changes) == (True, 1)
    changed.with_token("hush")
    request.with_token(changed.token)
    assert (call.token_changed, call.token_changes) == (True, 3)


def test_a_request_made_for_a_call_may_change_its_token() -> None:
    call = make_request().call
    make_request(call=call)
    assert not call.token_changed
    make_request(call=call, token=Token("new"))
    assert call.token_changes == 1
    make_request(call=call)  # Nobody knows which of the two it replaces.
    assert call.token_changes == 2


def test_a_call_has_no_notes_at_first() -> None:
    assert make_request().call.notes == {}
    assert make_request().call.notes is not make_request().call.notes


def test_a_request_returns_the_time_until_its_deadline() -> None:
    assert 1 < make_request().remaining() <= 5
    assert make_request(deadline=Deadline.after(-1)).remaining() < 0


def test_the_scheme_of_a_token_is_sent() -> None:
    request = make_request().with_token("abc", scheme="DPoP")
    assert (request.scheme, request.token.reveal()) == ("DPoP", "abc")
    assert request.headers_to_send()["Authorization"] == "DPoP abc"
    assert "Authorization: DPoP abc\r\n" in request.serialized_headers()
    assert request.with_headers({"X": "1"}).scheme == "DPoP"
    assert request.with_token("abc").headers_to_send()["Authorization"] == "Bearer abc"


@pytest.mark.parametrize("scheme", ["", "Bea rer", "a\n", None, 7])
def test_a_scheme_that_is_not_an_http_token_is_refused(scheme: Any) -> None:
    with pytest.raises(ArgumentError, match="scheme must be an HTTP token"):
        make_request().with_token("abc", scheme=scheme)


def form_request(**changes: Any) -> Request:
    settings = {"method": "POST", "body": b"a=1&b=x+y&a=2", "headers": {"Content-Type": FORM}}
    return make_request(**{**settings, **changes})


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({}, b"a=1&b=x+y&a=2"),
        ({"c": "3"}, b"a=1&b=x+y&a=2&c=3"),
        ({"a": Secret("3")}, b"b=x+y&a=3"),
        ({"b": ["1", "2"], "d": None}, b"a=1&a=2&b=1&b=2"),
        ({"b c/ä": "1&2"}, b"a=1&b=x+y&a=2&b+c%2F%C3%A4=1%262"),
    ],
)
def test_with_form_replaces_the_fields_of_the_same_name(
    fields: dict[str, Any], body: bytes
) -> None:
    request = form_request()
    changed = request.with_form(fields)
    assert changed.body == body
    assert changed.headers_to_send()["Content-Length"] == str(len(body))
    assert request.body == b"a=1&b=x+y&a=2"


@pytest.mark.parametrize("body", [b"", None])
def test_a_request_without_a_body_gets_a_form(body: bytes | None) -> None:
    request = form_request(body=body, headers={}).with_form({"a": "1"})
    assert (request.body, request.headers["Content-Type"]) == (b"a=1", FORM)


JSON_BODY = {"body": b"{}", "headers": {"Content-Type": "application/json"}}


@pytest.mark.parametrize(
    ("request_", "fields", "problem"),
    [
        (make_request(), {"a": "1"}, "a GET request has no form"),
        (form_request(**JSON_BODY), {"a": "1"}, "the body of the request is not a form"),
        (form_request(), {"a": 7}, "the form has a value of 'a' that is not a str"),
        (form_request(), 7, "the form must be a mapping"),
    ],
)
def test_with_form_refuses_what_is_no_form(request_: Request, fields: Any, problem: str) -> None:
    with pytest.raises(ArgumentError, match=problem):
        request_.with_form(fields)
