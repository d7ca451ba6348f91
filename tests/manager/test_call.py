"""`users.call`: anyone's operation, in both modes, with and without a callback."""

from __future__ import annotations

import asyncio
import inspect
from contextlib import nullcontext
from typing import Any

import pytest
from tests.support import TENANT, Reader

from usersmanager import (
    ArgumentError,
    AsyncUsersManager,
    LifecycleError,
    NotFoundError,
    ServerError,
    UserInfo,
    UsersManager,
)
from usersmanager.operations import Bearer, Operation, Response, Secret, read_json
from usersmanager.testing import FakeTransport

JSON = {"Content-Type": "application/json"}


def _roles(response: Response) -> list[str]:
    return [str(role) for role in read_json(response)["roles"]]


def list_roles(user_id: str = "auth0|1", **changes: Any) -> Operation[list[str]]:
    settings: dict[str, Any] = {"method": "GET", "path": "/users/{user_id}/roles", **changes}
    arguments = {"user_id": user_id} if "{user_id}" in (settings["path"] or "") else None
    return Operation("list_roles", arguments=arguments, read=_roles, **settings)


def roles(*names: str) -> Response:
    return Response(200, JSON, f'{{"roles": {list(names)}}}'.replace("'", '"').encode())


def test_its_result_is_what_the_operation_reads(mode: Any, fake: FakeTransport) -> None:
    fake.add(roles("admin", "editor"))
    operation = list_roles(credential=Bearer("an-api-token"))
    result = mode.call("call", operation, base_url=TENANT, transport=fake)
    assert result == ["admin", "editor"]
    (request,) = fake.requests
    assert request.url == f"{TENANT}/users/auth0%7C1/roles"
    assert request.operation == "list_roles"
    assert request.headers_to_send()["Authorization"] == "Bearer an-api-token"


def test_an_operation_may_be_called_repeatedly(mode: Any, fake: FakeTransport) -> None:
    fake.add(roles("a")).add(roles("b"))
    operation = list_roles()
    calls = [("call", (operation,), {}), ("call", (operation,), {"timeout": 3})]
    assert mode.calls(calls, base_url=TENANT, transport=fake) == [["a"], ["b"]]
    assert fake.requests[1].remaining() <= 3


def test_an_error_names_the_operation_and_the_origin(mode: Any, fake: FakeTransport) -> None:
    with pytest.raises(NotFoundError, match=f"^list_roles at {TENANT} failed with 404") as caught:
        mode.call("call", list_roles(), base_url=TENANT, transport=fake.status(404))
    assert (caught.value.operation, caught.value.origin) == ("list_roles", TENANT)


def test_a_sync_callback_gets_the_result_or_the_error(fake: FakeTransport) -> None:
    seen: list[Any] = []
    fake.add(roles("a")).status(404)
    with UsersManager(TENANT, transport=fake, discover=False) as users:
        for _ in range(2):
            returned: Any = users.call(
                list_roles(), lambda error, result: seen.append((error, result))
            )
            assert returned is None
    assert seen[0] == (None, ["a"])
    assert isinstance(seen[1][0], NotFoundError)


def test_an_async_callback_gets_the_result_or_the_error(fake: FakeTransport) -> None:
    seen: list[Any] = []
    fake.add(roles("a")).status(404)

    async def callback(error: Any, result: Any) -> None:
        seen.append((error, result))

    async def main() -> None:
        async with AsyncUsersManager(TENANT, transport=fake, discover=False) as users:
            users.call(list_roles(), callback)
            users.call(list_roles(), callback)

    asyncio.run(main())
    assert seen[0] == (None, ["a"])
    assert isinstance(seen[1][0], NotFoundError)


@pytest.mark.parametrize("value", [None, list_roles, "list_roles"])
def test_anything_but_an_operation_is_refused(mode: Any, fake: FakeTransport, value: Any) -> None:
    with pytest.raises(ArgumentError, match="operation must be an Operation, not "):
        mode.call("call", value, base_url=TENANT, transport=fake)
    assert fake.requests == []


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"timeout": 0}, "timeout must be a finite number"),
        ({"callback": 7}, "callback must be callable"),
    ],
)
def test_an_invalid_argument_is_refused_with_the_name_of_the_operation(
    fake: FakeTransport, arguments: Any, problem: str
) -> None:
    with (
        UsersManager(TENANT, transport=fake) as users,
        pytest.raises(ArgumentError, match=problem) as caught,
    ):
        users.call(list_roles(), **arguments)
    assert (caught.value.operation, caught.value.origin) == ("list_roles", TENANT)


def test_a_closed_manager_refuses_it(fake: FakeTransport) -> None:
    users = UsersManager(TENANT, transport=fake)
    users.close()
    with pytest.raises(LifecycleError) as caught:
        users.call(list_roles())
    assert caught.value.operation == "list_roles"


def test_a_coroutine_that_is_never_awaited_is_named_after_the_operation(
    fake: FakeTransport,
) -> None:
    async def main() -> str:
        async with AsyncUsersManager(TENANT, transport=fake) as users:
            coroutine: Any = users.call(list_roles())
            try:
                assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED
                return str(coroutine.__qualname__)
            finally:
                coroutine.close()

    assert asyncio.run(main()) == "AsyncUsersManager.list_roles"


def test_a_plugin_can_read_the_response_of_any_operation(mode: Any, fake: FakeTransport) -> None:
    reader = Reader()
    operation = list_roles()
    mode.call("call", operation, base_url=TENANT, transport=fake.add(roles("a")), plugins=[reader])
    assert reader.seen == ["a"]


def test_a_plugin_treats_an_operation_under_a_shipped_name_as_that_operation(
    mode: Any, fake: FakeTransport
) -> None:
    reader = Reader()
    operation = Operation("get_info", "GET", path="/userinfo", read=lambda response: "mine")
    settings = {"transport": fake.profile("u"), "plugins": [reader]}
    assert mode.call("call", operation, base_url=TENANT, **settings) == "mine"
    assert isinstance(reader.seen, UserInfo)


@pytest.mark.parametrize(("idempotent", "attempts"), [(True, 2), (False, 1), (None, 1)])
def test_a_retry_follows_whether_the_operation_may_be_sent_twice(
    mode: Any, fake: FakeTransport, idempotent: bool | None, attempts: int
) -> None:
    fake.status(503, retry_after="0").add(roles("a"))
    operation = list_roles(method="POST", path="/roles", idempotent=idempotent)
    with nullcontext() if attempts == 2 else pytest.raises(ServerError):
        mode.call("call", operation, base_url=TENANT, transport=fake, discover=["retry"])
    assert len(fake.requests) == attempts


def test_the_secrets_of_a_form_are_sent_and_repeated_by_a_retry(
    mode: Any, fake: FakeTransport
) -> None:
    fake.status(429, retry_after="0").add(roles("a"))
    operation = list_roles(method="POST", path="/roles", form={"a": Secret("hush")})
    mode.call("call", operation, base_url=TENANT, transport=fake, discover=["retry"])
    assert [request.body for request in fake.requests] == [b"a=hush"] * 2
