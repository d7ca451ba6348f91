"""Wraps: their order, what they may do, and the advice for mistakes in them."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest
from tests.flow.support import Hooks

from usersmanager import (
    DisconnectedError,
    PluginError,
    Request,
    Response,
    UsersManagerError,
)
from usersmanager.plugins import Flow, Proceed, Token, run, sleep
from usersmanager.testing import FakeTransport

Fetch = Callable[..., Any]
ErrorOf = Callable[[Callable[[], object]], UsersManagerError]
PROFILE = Response(200, {"Content-Type": "application/json"}, b'{"sub": "cached"}')


def tagging(tag: str, log: list[str]) -> Callable[[Request, Proceed], Flow[Response]]:
    def wrap(request: Request, proceed: Proceed) -> Flow[Response]:
        log.append(f"{tag}>")
        response = yield from proceed(request)
        log.append(f"<{tag}")
        return response

    return wrap


def test_the_first_plugin_is_the_outermost_and_attempts_are_inside_calls(
    fetch: Fetch, fake: FakeTransport
) -> None:
    fake.profile("u")
    log: list[str] = []
    plugins = [
        Hooks(wrap_attempt=tagging("attempt1", log)),
        Hooks(wrap_call=tagging("call1", log)),
        Hooks(wrap_call=tagging("call2", log)),
        Hooks(wrap_attempt=tagging("attempt2", log)),
    ]
    fetch(plugins=plugins)
    order = ["call1", "call2", "attempt1", "attempt2"]
    assert log == [f"{tag}>" for tag in order] + [f"<{tag}" for tag in reversed(order)]


def test_a_plain_function_may_change_the_request(fetch: Fetch, fake: FakeTransport) -> None:
    fake.profile("u")
    fetch(
        plugins=[
            Hooks(wrap_call=lambda request, proceed: proceed(request.with_headers({"X-A": "1"})))
        ]
    )
    assert fake.requests[0].headers["X-A"] == "1"


@pytest.mark.parametrize("outer", [True, False])
def test_a_plain_function_may_return_a_response_itself(
    fetch: Fetch, fake: FakeTransport, outer: bool
) -> None:
    cache, other = (
        Hooks(wrap_call=lambda request, proceed: PROFILE),
        Hooks(wrap_call=tagging("t", [])),
    )
    plugins = [cache, other] if outer else [other, cache]
    assert fetch(plugins=plugins).sub == "cached"
    assert fake.requests == []


def test_a_wrap_may_repeat_a_call_and_each_attempt_has_a_number(
    fetch: Fetch, fake: FakeTransport
) -> None:
    def thrice(request: Request, proceed: Proceed) -> Flow[Response]:
        yield from proceed(request)
        yield from proceed(request)
        return (yield from proceed(request))

    fake.status(503).status(503).profile("u")
    assert fetch(plugins=[Hooks(wrap_call=thrice)]).sub == "u"
    assert [request.attempt for request in fake.requests] == [1, 2, 3]
    assert len({id(request.call) for request in fake.requests}) == 1
    assert fake.requests[0].call.attempts == 3


def test_proceed_raises_the_transport_error(fetch: Fetch, fake: FakeTransport) -> None:
    def recovering(request: Request, proceed: Proceed) -> Flow[Response]:
        try:
            return (yield from proceed(request))
        except DisconnectedError:
            return (yield from proceed(request))

    fake.add(DisconnectedError("gone")).profile("u")
    assert fetch(plugins=[Hooks(wrap_call=recovering)]).sub == "u"


def returns_the_flow(request: Request, proceed: Proceed) -> Any:
    yield from sleep(0)
    return proceed(request)


def yields_the_flow(request: Request, proceed: Proceed) -> Any:
    return (yield proceed(request))


def yields_a_step(request: Request, proceed: Proceed) -> Any:
    yield sleep(0)
    return (yield from proceed(request))


def yields_a_coroutine(request: Request, proceed: Proceed) -> Any:
    yield is_a_coroutine(request, proceed)


def yields_a_number(request: Request, proceed: Proceed) -> Any:
    yield 7
    return (yield from proceed(request))


def returns_nothing(request: Request, proceed: Proceed) -> Any:
    yield from proceed(request)


def sleeps_for_a_text(request: Request, proceed: Proceed) -> Any:
    yield from sleep("1")  # type: ignore[arg-type] # The mistake.


def sleeps_backwards(request: Request, proceed: Proceed) -> Any:
    yield from sleep(-1)


def runs_a_value(request: Request, proceed: Proceed) -> Any:
    yield from run(sync=7, async_=7)  # type: ignore[arg-type] # The mistake.


def runs_an_async_function(request: Request, proceed: Proceed) -> Any:
    async def function() -> int:
        return 7

    yield from run(sync=function, async_=function)


def proceeds_with_nothing(request: Request, proceed: Proceed) -> Any:
    return (yield from proceed(None))  # type: ignore[arg-type] # The mistake.


def proceeds_with_another_call(request: Request, proceed: Proceed) -> Any:
    fields = {name: getattr(request, name) for name in Request.__dataclass_fields__}
    return proceed(Request(**{**fields, "token": Token("another"), "call": None}))


async def is_a_coroutine(request: Request, proceed: Proceed) -> Any:
    return proceed(request)


@pytest.mark.parametrize(
    ("mistake", "advice"),
    [
        (returns_the_flow, "write `return (yield from proceed(request))`"),
        (yields_the_flow, "`yield` without `from`: write `yield from proceed(request)`"),
        (yields_a_step, "`yield` without `from`: write"),
        (yields_a_coroutine, "yielded a coroutine: write `yield from run(sync=..., async_=...)`"),
        (yields_a_number, "yielded int, which is not an effect: write"),
        (returns_nothing, "returned None: return the Response"),
        (lambda request, proceed: None, "returned None: return the Response"),
        (lambda request, proceed: sleep(1), "write `return (yield from proceed(request))`"),
        (lambda request, proceed: 7, "returned int, not a Response"),
        (sleeps_for_a_text, "sleep() with str: pass a number of seconds"),
        (sleeps_backwards, "sleep(-1): pass 0 or more seconds"),
        (runs_a_value, "pass run(sync=..., async_=...)"),
        (runs_an_async_function, "an async function as `sync`"),
        (proceeds_with_nothing, "called proceed() with NoneType: pass a Request"),
        (proceeds_with_another_call, "pass `call=request.call` to Request"),
        (
            lambda request, proceed: is_a_coroutine(request, proceed),
            "is an async function: write a generator",
        ),
    ],
)
@pytest.mark.filterwarnings("error")
def test_a_mistake_in_a_wrap_is_rejected_with_the_code_to_write(
    mistake: Any, advice: str, fetch: Fetch, fake: FakeTransport, error_of: ErrorOf
) -> None:
    fake.profile("u")
    error = error_of(
        lambda: fetch(plugins=[Hooks(wrap_call=tagging("outer", [])), Innocent(wrap_call=mistake)])
    )
    assert type(error) is PluginError
    assert str(error).startswith("plugin 'Innocent' ")
    assert advice in str(error)
    assert error.operation == "get_info"
    gc.collect(1)  # What the mistake left behind is young.


class Innocent(Hooks):
    """A wrap inside another one, which must not be blamed."""


@pytest.mark.parametrize("step", [lambda: sleep(1), lambda: run(sync=str, async_=str)])  # type: ignore[arg-type, return-value] # Never run.
def test_a_step_that_is_not_used_warns_when_it_is_collected(
    step: Callable[[], object], fetch: Fetch, fake: FakeTransport
) -> None:
    def forgetful(request: Request, proceed: Proceed) -> Flow[Response]:
        step()
        gc.collect()
        return (yield from proceed(request))

    fake.profile("u")
    with pytest.warns(RuntimeWarning, match="has no effect: write `yield from"):
        fetch(plugins=[Hooks(wrap_call=forgetful)])


def test_a_finished_flow_can_not_be_returned_again(
    fetch: Fetch, fake: FakeTransport, error_of: ErrorOf
) -> None:
    flows: list[Any] = []

    def again(request: Request, proceed: Proceed) -> Any:
        flows.append(flows[0] if flows else proceed(request))
        return flows[-1]

    fake.profile("u").profile("u")
    plugin = Hooks(wrap_call=again)
    fetch(plugins=[plugin])
    error = error_of(lambda: fetch(plugins=[plugin]))
    assert isinstance(error, PluginError)
    assert "'Hooks' returned None" in str(error)


def test_an_exception_of_a_plugin_reaches_the_caller_unchanged(fetch: Fetch) -> None:
    def failing(request: Request, proceed: Proceed) -> Flow[Response]:
        raise LookupError("no such vault")

    with pytest.raises(LookupError, match="no such vault"):
        fetch(plugins=[Hooks(wrap_call=failing)])
