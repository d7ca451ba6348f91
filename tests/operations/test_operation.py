"""What an operation sends, and what is refused when it is made."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import TENANT, shown_below_the_test

from usersmanager import APIError, UsersManager
from usersmanager.operations import (
    ArgumentError,
    Bearer,
    Operation,
    Request,
    Response,
    Secret,
    read_json,
)
from usersmanager.testing import FakeTransport

FORM = "application/x-www-form-urlencoded"


def make(**changes: Any) -> Operation[dict[str, Any]]:
    """Return an operation with changes."""
    settings: dict[str, Any] = {"name": "op", "method": "POST", "path": "/x", "read": read_json}
    return Operation(**settings | changes)


def sent(base_url: str = TENANT, constructor: Any = None, **changes: Any) -> Request:
    """Return the request of an operation."""
    fake = FakeTransport().profile("u")
    with UsersManager(base_url, transport=fake, discover=False, **constructor or {}) as users:
        users.call(make(**changes))
    return fake.requests[0]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "upper case": ({"name": "Hush"}, "a name must be lowercase letters"),
    "a leading digit": ({"name": "7hush"}, "a name must be"),
    "a line break": ({"name": "hush\n"}, "a name must be"),
    "not a name": ({"name": 7}, "a name must be"),
    "method": ({"method": "HEAD"}, "method must be one of GET, POST, PUT, PATCH, DELETE"),
    "lower case method": ({"method": "get"}, "method must be one of"),
    "no target": ({"path": None}, "pass a path, an endpoint, or both"),
    "absolute URL": ({"path": "https://hush.example/x"}, "path must begin with '/'"),
    "another host": ({"path": "//hush.example/x"}, "path has an empty path segment"),
    "query in the path": ({"path": "/x?hush=1"}, "path must not contain a query"),
    "fragment in the path": ({"path": "/x#hush"}, "path must not contain a query or a fragment"),
    "dots in the path": ({"path": "/../hush"}, "path must not contain '.' or '..'"),
    "space in the path": ({"path": "/x hush"}, "characters that must be percent-encoded"),
    "malformed placeholder": ({"path": "/{userId}"}, "malformed placeholder: write lower-case"),
    "malformed placeholder with an argument": (
        {"path": "/{userId}", "arguments": {"userId": "hush"}},
        "malformed placeholder: write lower-case",
    ),
    "no argument": ({"path": "/{user_id}"}, "placeholder {user_id} without an argument"),
    "no placeholder": ({"arguments": {"id": "hush"}}, "no placeholder for an argument"),
    "no mapping": ({"arguments": "hush"}, "arguments must be a mapping"),
    "endpoint": ({"endpoint": "token"}, "endpoint must be a name such as"),
    "arguments and an endpoint": (
        {"path": "/{a}", "arguments": {"a": "hush"}, "endpoint": "user_endpoint"},
        "a path with placeholders can't go with an endpoint",
    ),
    "body of a GET": ({"method": "GET", "form": {"a": "hush"}}, "a GET request has no body"),
    "JSON of a GET": ({"method": "GET", "json": ["hush"]}, "a GET request has no body"),
    "two bodies": ({"form": {"a": "hush"}, "json": {}}, "pass form or json, not both"),
    "form": ({"form": "hush"}, "form must be a mapping"),
    "value of a form": ({"form": {"a": 7}}, "form has a value of 'a' that is not a str"),
    "sequence": ({"form": {"a": ["x", b"hush"]}}, "form has a value of 'a' that is not a str"),
    "secret of another type": ({"form": {"a": Secret(7)}}, "form has a value of 'a'"),
    "surrogate": ({"form": {"a": "hush\ud800"}}, "form has a value of 'a'"),
    "name in a form": ({"form": {"": "hush"}}, "form has a name that is not a non-empty str"),
    "JSON": ({"json": {"hush": object()}}, "json must be JSON-serializable"),
    "NaN": ({"json": float("nan")}, "json must be JSON-serializable"),
    "secret in a query": ({"query": {"a": Secret("hush")}}, "query must not contain a Secret"),
    "secret in a sequence": ({"query": {"a": ["x", Secret("hush")]}}, "must not contain a Sec"),
    "value of a query": ({"query": {"a": 7}}, "query has a value of 'a' that is not a str"),
    "header": ({"headers": {"Host": "hush"}}, "the header 'Host' can only be set by the client"),
    "authorization": ({"headers": {"Authorization": "hush"}}, "can only be set by the client"),
    "value of a header": ({"headers": {"X": "hush\n"}}, "the value of the header 'X' must be"),
    "accept": ({"accept": "hush\n"}, "the value of the header 'Accept' must be"),
    "reader": ({"read": "hush"}, "read must be a plain function"),
    "credential": ({"credential": "hush"}, "credential must have a method authorize"),
}
LEAVING = ["", " ", ".", "..", "a\n", "a\0", "\ud800", "x" * 257, 7, None, b"hush"]


def refusal(**changes: Any) -> ArgumentError:
    with pytest.raises(ArgumentError) as caught:
        make(**changes)
    return caught.value


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_sent_is_refused_at_once_and_not_quoted(case: str) -> None:
    changes, problem = REFUSED[case]
    message = str(refusal(**changes))
    assert problem in message
    assert message.startswith("operation 'op': " if "name" not in changes else "operation: ")
    assert "hush" not in message.lower()


@pytest.mark.parametrize("value", LEAVING)
def test_an_argument_that_would_leave_its_path_segment_is_refused(value: Any) -> None:
    message = str(refusal(path="/a/{user_id}", arguments={"user_id": value}))
    assert "the argument 'user_id' must be a str that fits one path segment" in message


def test_a_coroutine_function_can_not_read() -> None:
    async def read(response: object) -> None: ...

    assert "read must be a plain function" in str(refusal(read=read))


@pytest.mark.parametrize("mistake", [{"json": "hush-5"}, {"credential": "hush-6"}])
def test_a_refusal_shows_no_value_in_its_traceback(mistake: dict[str, Any]) -> None:
    error = refusal(
        path="/{a}",
        arguments={"a": "hush-1"},
        query={"b": "hush-2"},
        headers={"X": "hush-3"},
        form={"c": "hush-4"},
        **mistake,
    )
    assert "hush" not in shown_below_the_test(error)


@given(st.text().filter(lambda text: text not in LEAVING))
def test_an_argument_is_exactly_one_segment_of_the_path(value: str) -> None:
    try:
        request = sent(path="/a/{b}/c", arguments={"b": value})
    except ArgumentError:
        return
    _, first, segment, last = request.target.split("/")
    assert (first, last) == ("a", "c")
    assert "?" not in segment
    assert "#" not in segment


@pytest.mark.parametrize("base", [TENANT, f"{TENANT}/api/v2"])
def test_the_path_continues_the_base_url(base: str) -> None:
    request = sent(
        base, path="/users/{user_id}/roles/{role}", arguments={"user_id": "a|1", "role": "r"}
    )
    assert request.url == f"{base}/users/a%7C1/roles/r"
    assert request.template.endswith("/users/{user_id}/roles/{role}")


def test_a_query_follows_the_path_and_repeats_its_fields() -> None:
    query = {"q": "a b&c=d/é", "fields": ["x", "y"], "page": None, "empty": ""}
    request = sent(method="GET", query=query)
    assert request.target == "/x?q=a%20b%26c%3Dd%2F%C3%A9&fields=x&fields=y&empty="
    assert request.template == "/x"


def test_a_query_follows_that_of_an_endpoint() -> None:
    endpoints = {"token_endpoint": "https://b2c.example/token?p=policy"}
    constructor = {"endpoints": endpoints}
    request = sent(constructor=constructor, endpoint="token_endpoint", query={"a": "1"})
    assert request.url == "https://b2c.example/token?p=policy&a=1"


def test_a_form_is_encoded_as_browsers_encode_it() -> None:
    form = {"grant_type": "urn:a:b", "scope": "a b", "x": "*-._~+&=%/é\n", "none": None, "e": ""}
    request = sent(form=form)
    assert request.body == (
        b"grant_type=urn%3Aa%3Ab&scope=a+b&x=*-._%7E%2B%26%3D%25%2F%C3%A9%0A&e="
    )
    assert request.headers["Content-Type"] == FORM


def test_a_sequence_repeats_a_field_of_a_form() -> None:
    body = sent(form=MappingProxyType({"audience": ("a", Secret("b")), "none": []})).body
    assert body == b"audience=a&audience=b"


@given(st.dictionaries(st.text(min_size=1), st.lists(st.text(), max_size=3), max_size=4))
def test_any_form_is_decoded_as_it_was_given(form: dict[str, list[str]]) -> None:
    try:
        body = sent(form=form).body or b""
    except ArgumentError:
        return
    pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True)
    assert pairs == [(name, value) for name, values in form.items() for value in values]


def test_json_is_sent_with_its_secrets() -> None:
    request = sent(json={"a": [Secret("é"), {"b": Secret(["c"])}]})
    assert json.loads(request.body or b"") == {"a": ["é", {"b": ["c"]}]}
    assert request.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("scalar", ["hunter2", 271828, 2.5])
@pytest.mark.parametrize(
    "wrap", [Secret, lambda v: Secret([{"a": (v,)}]), lambda v: {"a": Secret([Secret(v)])}]
)
def test_the_echo_of_a_secret_in_json_is_removed_whatever_its_type(wrap: Any, scalar: Any) -> None:
    body = json.dumps({"error": "bad", "error_description": f"got {scalar}, no"}).encode()
    fake = FakeTransport(Response(400, {"Content-Type": "application/json"}, body))
    with (
        UsersManager(TENANT, transport=fake, discover=False) as users,
        pytest.raises(APIError, match=r"got \[redacted\], no$"),
    ):
        users.call(make(json=wrap(scalar)))


@pytest.mark.parametrize(
    ("method", "body", "idempotent"),
    [
        ("GET", None, True),
        ("POST", b"", False),
        ("PUT", b"", True),
        ("PATCH", b"", False),
        ("DELETE", None, True),
    ],
)
def test_the_method_decides_about_an_empty_body_and_whether_to_repeat(
    method: str, body: bytes | None, idempotent: bool
) -> None:
    request = sent(method=method)
    assert (request.method, request.body, request.idempotent) == (method, body, idempotent)
    assert "Content-Type" not in request.headers
    assert sent(method=method, idempotent=not idempotent).idempotent is not idempotent


def test_the_headers_of_an_operation_take_precedence_over_those_of_the_manager() -> None:
    headers = {"Accept": "text/html", "X-A": "manager", "X-B": "manager"}
    request = sent(
        constructor={"headers": headers}, headers={"x-a": "operation"}, accept="text/plain"
    )
    assert dict(request.headers) == {"Accept": "text/html", "x-a": "operation", "X-B": "manager"}


def test_an_operation_serves_several_managers_each_with_its_own_settings() -> None:
    operation = make(path="/x", credential=Bearer("t"))
    urls = []
    for _ in range(2):
        for host in ("a", "b"):
            fake = FakeTransport().profile("u")
            with UsersManager(f"https://{host}.example", transport=fake, discover=False) as users:
                users.call(operation)
            urls.append(fake.requests[0].url)
    assert urls == ["https://a.example/x", "https://b.example/x"] * 2


def test_an_operation_is_immutable_and_its_repr_contains_its_name_alone() -> None:
    operation = make(form={"a": Secret("hush")}, credential=Bearer("hush"))
    assert repr(operation) == "<Operation op>"
    assert (operation.name, operation.method, operation.idempotent) == ("op", "POST", False)
    with pytest.raises(FrozenInstanceError):
        operation.read = read_json  # type: ignore[misc]


@pytest.mark.parametrize("token", ["", "a b", 'a"', None, 7, Secret("a,b")])
def test_a_bearer_credential_accepts_only_a_token(token: Any) -> None:
    with pytest.raises(ArgumentError, match="Invalid access token"):
        Bearer(token)


@pytest.mark.parametrize("make_token", [str, Secret])
def test_a_bearer_credential_shows_no_token(make_token: Callable[[str], Any]) -> None:
    assert repr(Bearer(make_token("hush"))) == "<Bearer>"
