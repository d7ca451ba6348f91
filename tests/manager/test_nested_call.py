"""`call`: a plugin makes a request of its own."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support import TENANT, make_request

from usersmanager import ArgumentError, NotFoundError, UsersManager
from usersmanager.operations import Bearer, Operation, Request, Response, Secret, read_json
from usersmanager.plugins import Flow, Proceed, call, hookimpl
from usersmanager.testing import FakeTransport


class Key:
    """A credential that is applied to each attempt."""

    def authorize(self, request: Request) -> Request:
        return request.with_form({"key": Secret("k")})


def fetch_token(**changes: Any) -> Operation[str]:
    settings: dict[str, Any] = {"path": "/token", "credential": Key(), **changes}
    return Operation(
        "fetch_token", "POST", idempotent=True, read=lambda got: read_json(got)["sub"], **settings
    )


class Renewing:
    """A plugin that fetches a token for each call."""

    def __init__(self, operation: Operation[str] | None = None) -> None:
        self.operation = operation or fetch_token()
        self.error: BaseException | None = None

    @hookimpl
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        try:
            token = yield from call(self.operation, request, proceed)
        except Exception as error:
            self.error = error
            token = "none"
        return (yield from proceed(request.with_token(token)))


class InAttempt:
    """The same around each attempt."""

    @hookimpl
    def usersmanager_wrap_attempt(self, request: Request, proceed: Proceed) -> Flow[Response]:
        token = yield from call(fetch_token(), request, proceed)
        return (yield from proceed(request.with_token(token)))


class Log:
    """A plugin that notes what it sees."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    @hookimpl
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        self.seen.append(("call", request.operation))
        return (yield from proceed(request))

    @hookimpl
    def usersmanager_wrap_attempt(self, request: Request, proceed: Proceed) -> Flow[Response]:
        self.seen.append(("attempt", request.operation, request.attempt))
        return (yield from proceed(request))

    @hookimpl
    def usersmanager_done(self, request: Request) -> None:
        self.seen.append(("done", request.operation, request.call.attempts))


def fetch(mode: Any, fake: FakeTransport, *plugins: object, **settings: Any) -> Any:
    settings = {"transport": fake, "plugins": plugins, "discover": ["retry"], **settings}
    return mode.call("get_info", "old", base_url=TENANT, **settings)


def test_it_goes_through_what_is_inside_the_plugin_with_its_own_attempts(
    mode: Any, fake: FakeTransport
) -> None:
    outside, inside = Log(), Log()
    fake.status(503, retry_after="0").profile("new").profile("u")
    fetch(mode, fake, outside, Renewing(), inside)
    assert [request.url for request in fake.requests] == [
        *[f"{TENANT}/token"] * 2,
        f"{TENANT}/userinfo",
    ]
    assert [request.body for request in fake.requests] == [b"key=k", b"key=k", None]
    assert fake.requests[2].token.reveal() == "new"
    assert inside.seen == [
        ("call", "fetch_token"),
        ("attempt", "fetch_token", 1),
        ("attempt", "fetch_token", 2),
        ("call", "get_info"),
        ("attempt", "get_info", 1),
        ("done", "get_info", 1),
    ]
    assert [seen for seen in outside.seen if seen[0] != "attempt"] == [
        ("call", "get_info"),
        ("done", "get_info", 1),
    ]


def test_it_has_the_deadline_of_the_call_and_its_own_notes(mode: Any, fake: FakeTransport) -> None:
    fetch(mode, fake.profile("new").profile("u"), Renewing())
    nested, outer = fake.requests
    assert nested.deadline is outer.deadline
    assert nested.call is not outer.call
    assert nested.provider is outer.provider is None


def test_its_error_names_its_own_operation(mode: Any, fake: FakeTransport) -> None:
    plugin = Renewing()
    fetch(mode, fake.status(404).profile("u"), plugin)
    assert isinstance(plugin.error, NotFoundError)
    assert str(plugin.error).startswith(f"fetch_token at {TENANT} failed with 404")


def test_its_error_names_its_own_server(mode: Any, fake: FakeTransport) -> None:
    plugin = Renewing(fetch_token(path=None, endpoint="token_endpoint"))
    endpoints = {"token_endpoint": "https://id.example/t"}
    fetch(mode, fake.status(404).profile("u"), plugin, endpoints=endpoints)
    assert str(plugin.error).startswith("fetch_token at https://id.example failed with 404")


def test_an_unknown_endpoint_is_an_error(mode: Any, fake: FakeTransport) -> None:
    plugin = Renewing(fetch_token(path=None, endpoint="token_endpoint"))
    fetch(mode, fake.profile("u"), plugin)
    assert isinstance(plugin.error, ArgumentError)
    assert plugin.error.operation == "fetch_token"
    assert len(fake.requests) == 1


def test_an_endpoint_that_the_program_has_set_is_found(mode: Any, fake: FakeTransport) -> None:
    plugin = Renewing(fetch_token(path=None, endpoint="token_endpoint"))
    endpoints = {"token_endpoint": "https://id.example/t"}
    fetch(mode, fake.profile("new").profile("u"), plugin, endpoints=endpoints)
    assert fake.requests[0].url == "https://id.example/t"


def test_inside_an_attempt_it_is_authorized_as_well(mode: Any, fake: FakeTransport) -> None:
    fetch(mode, fake.profile("new").profile("u"), InAttempt())
    assert fake.requests[0].body == b"key=k"
    assert [request.attempt for request in fake.requests] == [1, 1]
    assert [request.call.attempts for request in fake.requests] == [1, 1]


def test_a_bearer_token_of_its_own_does_not_change_that_of_the_call(
    mode: Any, fake: FakeTransport
) -> None:
    class Looking:
        @hookimpl
        def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
            yield from call(fetch_token(credential=Bearer("mine")), request, proceed)
            return (yield from proceed(request))

    fetch(mode, fake.profile("x").profile("u"), Looking())
    assert [request.token.reveal() for request in fake.requests] == ["mine", "old"]
    assert not fake.requests[1].call.token_changed


def test_a_request_that_no_manager_made_is_refused() -> None:
    def proceed(request: Request) -> Flow[Response]:
        raise AssertionError("nothing must be sent")

    with pytest.raises(ArgumentError, match="no manager has made the request"):
        next(call(fetch_token(), make_request(), proceed))


def test_it_works_with_operations_that_a_manager_calls(fake: FakeTransport) -> None:
    with UsersManager(
        TENANT, transport=fake.profile("new").profile("u"), plugins=[Renewing()], discover=False
    ) as users:
        operation = Operation("op", "GET", path="/op", read=read_json)
        assert users.call(operation) == {"sub": "u"}
    assert fake.requests[1].token.reveal() == "new"
