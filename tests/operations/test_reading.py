"""`read` returns or raises exactly what the caller of a manager gets."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.support import TENANT, Reader, make_request

from usersmanager import (
    ArgumentError,
    AsyncUsersManager,
    Response,
    UsersManager,
    UsersManagerError,
)
from usersmanager._operations.discover import discover
from usersmanager.plugins import read
from usersmanager.testing import FakeTransport

JSON = {"Content-Type": "application/json"}
IMPERSONATION = {"impersonator_id": "boss", "protocol": "oauth2", "token": "t"}


def facts(value: Any) -> Any:
    """Return what identifies a result or an error."""
    if isinstance(value, UsersManagerError):
        return type(value), str(value), vars(value)
    return type(value), value


@pytest.mark.parametrize(
    ("operation", "response"),
    [
        ("get_info", Response(200, JSON, b'{"sub": "u"}')),
        ("get_info", Response(201, JSON, b'{"sub": "u"}')),
        ("get_info", Response(200, JSON, b"{}")),
        ("get_info", Response(200, {}, b'{"sub": "u"}')),
        ("get_info", Response(401, JSON, b'{"error": "invalid_token"}')),
        ("get_info", Response(429, {"Retry-After": "7"}, b"a-token was seen")),
        ("get_info", Response(429, JSON, b'{"error": "a-token"}')),
        ("get_info", Response(407)),
        ("get_info", Response(101)),
        ("get_info", Response(302, {"Location": "/"})),
        ("impersonate", Response(200, {}, b"https://tenant.example/link")),
        ("impersonate", Response(200, {}, b"no link")),
        ("impersonate", Response(403)),
        ("discover", Response(200, JSON, b'{"issuer": "https://tenant.example"}')),
        ("discover", Response(404)),
    ],
)
def test_it_is_what_the_caller_gets(operation: str, response: Response) -> None:
    reader = Reader()
    with UsersManager(
        TENANT,
        transport=FakeTransport(response),
        plugins=[reader],
        discover=False,
        client_id="c",
    ) as users:
        try:
            if operation == "get_info":
                got: Any = users.get_info("a-token")
            elif operation == "impersonate":
                got = users.impersonate("auth0|1", IMPERSONATION)
            else:
                got = users.call(discover(TENANT))
        except UsersManagerError as error:
            got = error
    assert facts(reader.seen) == facts(got)


def test_another_subject_than_expected_is_not_its_business() -> None:
    reader = Reader()

    async def main() -> None:
        async with AsyncUsersManager(
            TENANT,
            transport=FakeTransport().profile("u"),
            plugins=[reader],
            discover=False,
        ) as users:
            await users.get_info("a-token", expected_subject="another")

    with pytest.raises(UsersManagerError, match="unexpected subject"):
        asyncio.run(main())
    assert reader.seen == {"sub": "u"}


def test_an_unknown_operation_is_an_argument_error() -> None:
    with pytest.raises(ArgumentError, match="'delete'"):
        read(make_request(operation="delete"), Response(200))


def test_a_profile_is_a_new_object_each_time() -> None:
    request, response = make_request(), Response(200, JSON, b'{"sub": "u"}')
    assert read(request, response) == read(request, response)
    assert read(request, response) is not read(request, response)
