"""What `read` of an operation may raise, and what the caller gets."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from enum import Enum
from typing import Any

import pytest
from tests.support import TENANT

from usersmanager import APIError, DecodeError, UsersManager
from usersmanager.operations import ArgumentError, Bearer, Operation, Response, Secret, read_json
from usersmanager.testing import FakeTransport

BODY = b'{"hush": "hush"}'
Call = Callable[..., Any]


class Role(Enum):
    ADMIN = "admin"


def recurse(response: Response) -> object:
    return recurse(response)


def raising(error: BaseException) -> Callable[[Response], Any]:
    def read(response: Response) -> Any:
        raise error

    return read


@pytest.fixture
def read_with(mode: Any) -> Call:
    """Return what a call of an operation with a reader returns."""

    def read_with(read: Callable[[Response], Any], body: bytes = BODY, **settings: Any) -> Any:
        fake = FakeTransport(Response(200, {"Content-Type": "application/json"}, body))
        operation = Operation("op", "GET", path="/x", read=read, **settings)
        return mode.call("call", operation, base_url=TENANT, transport=fake, discover=False)

    return read_with


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (lambda response: read_json(response)["roles"], "KeyError"),
        (lambda response: [][1], "IndexError"),
        (lambda response: read_json(response) + 1, "TypeError"),  # type: ignore[operator]
        (lambda response: int(response.body), "ValueError"),
        (lambda response: b"\xff".decode(), "UnicodeDecodeError"),
        (lambda response: response.json(), "AttributeError"),
        (lambda response: 1 / 0, "ZeroDivisionError"),
        (lambda response: Role(read_json(response)["hush"]), "ValueError"),
        (lambda response: next(iter(())), "StopIteration"),
        (recurse, "RecursionError"),
        (raising(ArgumentError("hush")), "ArgumentError"),
    ],
)
def test_a_body_of_another_shape_is_a_decode_error_that_names_the_place(
    read_with: Call, read: Callable[[Response], Any], name: str
) -> None:
    with pytest.raises(DecodeError) as caught:
        read_with(read)
    error = caught.value
    assert f"op at {TENANT} failed: the response can't be read: {name} in " in str(error)
    line = f"(test_reading_errors.py, line {read.__code__.co_firstlineno}"
    assert line in str(error) or name in {"ArgumentError", "RecursionError"}
    assert "hush" not in str(error)
    assert error.__cause__ is error.__context__ is None
    frames = traceback.extract_tb(error.__traceback__)
    assert read.__code__.co_qualname.rpartition(".")[2] not in {frame.name for frame in frames}


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), OSError("x"), RuntimeError("x"), NotImplementedError()]
)
def test_anything_else_passes_unchanged(read_with: Call, error: BaseException) -> None:
    with pytest.raises(type(error)) as caught:
        read_with(raising(error))
    assert caught.value is error


def test_a_decode_error_passes_without_the_frames_and_secrets_of_its_reader(
    read_with: Call,
) -> None:
    def read(response: Response) -> None:
        document = read_json(response)
        error = DecodeError(
            f"unknown: {document}", error="a-secret-token", error_description="as a-secret-token"
        )
        error.add_note("for a-secret-token")
        raise error

    with pytest.raises(DecodeError) as caught:
        read_with(read, b'{"a": "a-secret-token"}', credential=Bearer("a-secret-token"))
    error = caught.value
    assert str(error) == f"op at {TENANT} failed: unknown: {{'a': '[redacted]'}}"
    assert (error.error, error.error_description) == ("[redacted]", "as [redacted]")
    assert error.__notes__ == ["for [redacted]"]
    assert "read" not in {frame.name for frame in traceback.extract_tb(error.__traceback__)}


@pytest.mark.parametrize(
    ("headers", "body", "problem"),
    [
        ({"Content-Type": "text/html"}, b"{}", "the body is sent as text/html, but must be"),
        ({"Content-Type": "application/json"}, b"[]", "the body is an array, not a JSON object"),
        ({"Content-Type": "application/json"}, b'{"a": 1, "a": 2}', "the body repeats a key"),
    ],
)
def test_read_json_accepts_only_a_json_object(
    headers: dict[str, str], body: bytes, problem: str
) -> None:
    assert read_json(Response(200, {"Content-Type": "application/json"}, b'{"a": 1}')) == {"a": 1}
    with pytest.raises(DecodeError, match=problem):
        read_json(Response(200, headers, body))


SECRET = "s3cr~t/+ é"


@pytest.mark.parametrize("body", ["form", "json"])
@pytest.mark.parametrize(
    "echo", [SECRET, "s3cr%7Et%2F%2B+%C3%A9", "s3cr~t%2F%2B%20%C3%A9"], ids=["plain", "form", "url"]
)
def test_a_secret_is_removed_from_an_echo(mode: Any, body: str, echo: str) -> None:
    document = f'{{"error": "e", "error_description": "bad {echo}!"}}'.encode()
    fake = FakeTransport(Response(400, {"Content-Type": "application/json"}, document))
    fields = {"client_secret": Secret(SECRET)}
    operation = Operation("op", "POST", path="/x", read=read_json, **{body: fields})
    with pytest.raises(APIError, match=r"bad \[redacted\]!$"):
        mode.call("call", operation, base_url=TENANT, transport=fake, discover=False)


def test_the_reader_gets_the_response_of_the_transport() -> None:
    response = Response(201, {"X": "1"}, b"body")
    operation = Operation(
        "op", "GET", path="/x", read=lambda got: (got.status, got.headers["X"], got.body)
    )
    with UsersManager(TENANT, transport=FakeTransport(response), discover=False) as users:
        assert users.call(operation) == (201, "1", b"body")
