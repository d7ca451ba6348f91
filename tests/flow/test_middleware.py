"""Middleware: its order, what it may do, and the advice for mistakes in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.flow.support import Around

from usersmanager import (
    DisconnectedError,
    PluginError,
    Request,
    Response,
    UsersManagerError,
)
from usersmanager.plugins import Flow, Proceed, sleep
from usersmanager.testing import FakeTransport

Fetch = Callable[..., Any]
ErrorOf = Callable[[Callable[[], object]], UsersManagerError]
PROFILE = Response(200, {"Content-Type": "application/json"}, b'{"sub": "cached"}')


def tagging(tag: str, log: list[str]) -> Callable[[Request, Proceed], Flow]:
    def middleware(request: Request, proceed: Proceed) -> Flow:
        log.append(f"{tag}>")
        response = yield from proceed(request)
        log.append(f"<{tag}")
        return response

    return middleware


def test_the_first_plugin_is_the_outermost_and_attempts_are_inside_calls(
    fetch: Fetch, fake: FakeTransport
) -> None:
    fake.profile("u")
    log: list[str] = []
    plugins = [
        Around(tagging("attempt1", log), per_attempt=True),
        Around(tagging("call1", log)),
        Around(tagging("call2", log)),
        Around(tagging("attempt2", log), per_attempt=True),
    ]
    fetch(plugins=plugins)
    order = ["call1", "call2", "attempt1", "attempt2"]
    assert log == [f"{tag}>" for tag in order] + [f"<{tag}" for tag in reversed(order)]


def test_a_plain_function_may_change_the_request(fetch: Fetch, fake: FakeTransport) -> None:
    fake.profile("u")
    fetch(plugins=[Around(lambda request, proceed: proceed(request.with_headers({"X-A": "1"})))])
    assert fake.requests[0].headers["X-A"] == "1"


@pytest.mark.parametrize("outer", [True, False])
def test_a_plain_function_may_return_a_response_itself(
    fetch: Fetch, fake: FakeTransport, outer: bool
) -> None:
    cache, other = Around(lambda request, proceed: PROFILE), Around(tagging("t", []))
    plugins = [cache, other] if outer else [other, cache]
    assert fetch(plugins=plugins).sub == "cached"
    assert fake.requests == []


def test_middleware_may_repeat_a_call_and_each_attempt_has_a_number(
    fetch: Fetch, fake: FakeTransport
) -> None:
    def thrice(request: Request, proceed: Proceed) -> Flow:
        yield from proceed(request)
        yield from proceed(request)
        return (yield from proceed(request))

    fake.status(503).status(503).profile("u")
    assert fetch(plugins=[Around(thrice)]).sub == "u"
    assert [request.attempt for request in fake.requests] == [1, 2, 3]
    assert len({id(request.call) for request in fake.requests}) == 1
    assert fake.requests[0].call.attempts == 3


def test_proceed_raises_the_transport_error(fetch: Fetch, fake: FakeTransport) -> None:
    def recovering(request: Request, proceed: Proceed) -> Flow:
        try:
            return (yield from proceed(request))
        except DisconnectedError:
            return (yield from proceed(request))

    fake.add(DisconnectedError("gone")).profile("u")
    assert fetch(plugins=[Around(recovering)]).sub == "u"


def returns_the_flow(request: Request, proceed: Proceed) -> Any:
    yield from sleep(0)
    return proceed(request)


def yields_the_flow(request: Request, proceed: Proceed) -> Any:
    return (yield proceed(request))


def yields_a_number(request: Request, proceed: Proceed) -> Any:
    yield 7
    return (yield from proceed(request))


def returns_nothing(request: Request, proceed: Proceed) -> Any:
    yield from proceed(request)


async def is_a_coroutine(request: Request, proceed: Proceed) -> Any:
    return proceed(request)


@pytest.mark.parametrize(
    ("mistake", "advice"),
    [
        (returns_the_flow, "return (yield from proceed(request))"),
        (yields_the_flow, "`yield from proceed(request)`"),
        (yields_a_number, "yielded int, not an effect"),
        (returns_nothing, "returned NoneType"),
        (lambda request, proceed: None, "returned NoneType; write a generator"),
        (lambda request, proceed: 7, "'Around'"),
    ],
)
def test_a_mistake_in_middleware_is_rejected_with_the_code_to_write(
    mistake: Any, advice: str, fetch: Fetch, fake: FakeTransport, error_of: ErrorOf
) -> None:
    fake.profile("u")
    error = error_of(lambda: fetch(plugins=[Around(mistake)]))
    assert isinstance(error, PluginError)
    assert advice in str(error)
    assert error.operation == "get_info"


def test_a_finished_flow_can_not_be_returned_again(
    fetch: Fetch, fake: FakeTransport, error_of: ErrorOf
) -> None:
    flows: list[Any] = []

    def again(request: Request, proceed: Proceed) -> Any:
        flows.append(flows[0] if flows else proceed(request))
        return flows[-1]

    fake.profile("u").profile("u")
    plugin = Around(again)
    fetch(plugins=[plugin])
    error = error_of(lambda: fetch(plugins=[plugin]))
    assert isinstance(error, PluginError)
    assert "'Around' returned NoneType" in str(error)


def test_a_coroutine_function_is_rejected(fetch: Fetch, error_of: ErrorOf) -> None:
    error = error_of(lambda: fetch(plugins=[Around(is_a_coroutine)]))
    assert "returned coroutine; write a generator" in str(error)


def test_an_exception_of_a_plugin_reaches_the_caller_unchanged(fetch: Fetch) -> None:
    def failing(request: Request, proceed: Proceed) -> Flow:
        raise LookupError("no such vault")

    with pytest.raises(LookupError, match="no such vault"):
        fetch(plugins=[Around(failing)])
