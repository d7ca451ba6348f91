"""Flows: one plugin, both modes; and what a plugin that is written wrongly is told."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from usersmanager import (
    AsyncUsersManager,
    DeadlineExceededError,
    DisconnectedError,
    PluginError,
    Request,
    Response,
    UsersManager,
    UsersManagerError,
)
from usersmanager.plugins import Flow, Proceed, hookimpl, run, sleep
from usersmanager.testing import FakeTransport

Fetch = Callable[..., Any]
Refused = Callable[[Callable[[], object]], UsersManagerError]
PROFILE = Response(200, {"Content-Type": "application/json"}, b'{"sub": "cached"}')


class Around:
    """A plugin made of one wrap, around the call or the attempt."""

    def __init__(self, wrap: Any, *, per_attempt: bool = False) -> None:
        self._per_call, self._per_attempt = (None, wrap) if per_attempt else (wrap, None)

    @hookimpl
    def usersmanager_wrap_call(self) -> Any:
        return self._per_call

    @hookimpl
    def usersmanager_wrap_attempt(self) -> Any:
        return self._per_attempt


def tagging(tag: str, log: list[str]) -> Callable[[Request, Proceed], Flow]:
    def around(request: Request, proceed: Proceed) -> Flow:
        log.append(f"{tag}>")
        response = yield from proceed(request)
        log.append(f"<{tag}")
        return response

    return around


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
def test_a_plain_function_may_answer_itself(fetch: Fetch, fake: FakeTransport, outer: bool) -> None:
    answering, passing = Around(lambda request, proceed: PROFILE), Around(tagging("t", []))
    plugins = [answering, passing] if outer else [passing, answering]
    assert fetch(plugins=plugins).sub == "cached"
    assert fake.requests == []


def test_a_flow_may_repeat_and_each_attempt_is_numbered(fetch: Fetch, fake: FakeTransport) -> None:
    def thrice(request: Request, proceed: Proceed) -> Flow:
        yield from proceed(request)
        yield from proceed(request)
        return (yield from proceed(request))

    fake.status(503).status(503).profile("u")
    assert fetch(plugins=[Around(thrice)]).sub == "u"
    assert [request.attempt for request in fake.requests] == [1, 2, 3]
    assert len({id(request.call) for request in fake.requests}) == 1
    assert fake.requests[0].call.attempts == 3


def test_a_flow_sees_transport_errors_where_it_proceeds(fetch: Fetch, fake: FakeTransport) -> None:
    def recovering(request: Request, proceed: Proceed) -> Flow:
        try:
            return (yield from proceed(request))
        except DisconnectedError:
            return (yield from proceed(request))

    fake.add(DisconnectedError("gone")).profile("u")
    assert fetch(plugins=[Around(recovering)]).sub == "u"


def test_a_flow_waits_in_either_mode(fetch: Fetch, fake: FakeTransport) -> None:
    def waiting(request: Request, proceed: Proceed) -> Flow:
        yield from sleep(0.05)
        return (yield from proceed(request))

    fake.profile("u")
    started = time.monotonic()
    fetch(plugins=[Around(waiting)])
    assert time.monotonic() - started >= 0.05


def test_a_wait_is_cut_at_the_deadline(fetch: Fetch, fake: FakeTransport, refused: Refused) -> None:
    def waiting(request: Request, proceed: Proceed) -> Flow:
        yield from sleep(60)
        return (yield from proceed(request))

    started = time.monotonic()
    error = refused(lambda: fetch(plugins=[Around(waiting)], timeout=0.1))
    assert isinstance(error, DeadlineExceededError)
    assert time.monotonic() - started < 1
    assert fake.requests == []


def test_nothing_is_sent_after_the_deadline(
    fetch: Fetch, fake: FakeTransport, refused: Refused
) -> None:
    def slow(request: Request, proceed: Proceed) -> Flow:
        time.sleep(0.03)
        return proceed(request)

    error = refused(lambda: fetch(plugins=[Around(slow)], timeout=0.02))
    assert isinstance(error, DeadlineExceededError)
    assert error.phase == "not sent"
    assert fake.requests == []


def test_run_uses_the_side_of_the_mode(fetch: Fetch, fake: FakeTransport, mode: Any) -> None:
    async def asynchronous() -> str:
        await asyncio.sleep(0)
        return "async"

    def asking(request: Request, proceed: Proceed) -> Flow:
        answer = yield from run(lambda: "sync", asynchronous)
        return (yield from proceed(request.with_headers({"X-Mode": answer})))

    fake.profile("u")
    fetch(plugins=[Around(asking)])
    assert fake.requests[0].headers["X-Mode"] == mode.name


def test_what_run_raises_is_raised_in_the_flow(fetch: Fetch, fake: FakeTransport) -> None:
    def failing() -> str:
        raise KeyError("vault")

    async def failing_async() -> str:
        raise KeyError("vault")

    def asking(request: Request, proceed: Proceed) -> Flow:
        with pytest.raises(KeyError):
            yield from run(failing, failing_async)
        return (yield from proceed(request))

    fake.profile("u")
    assert fetch(plugins=[Around(asking)]).sub == "u"


@pytest.mark.parametrize("own", [True, False])
def test_an_asyncio_run_is_cut_at_the_deadline_and_keeps_its_own_timeouts(own: bool) -> None:
    async def hanging() -> None:
        if own:
            raise TimeoutError("the vault's own")
        await asyncio.sleep(60)

    def asking(request: Request, proceed: Proceed) -> Flow:
        yield from run(lambda: None, hanging)
        return (yield from proceed(request))

    async def main() -> None:
        async with AsyncUsersManager(
            "https://tenant.example",
            transport=FakeTransport(),
            plugins=[Around(asking)],
            discover=False,
        ) as users:
            await users.get_info("t", timeout=0.05)

    with pytest.raises(TimeoutError) as caught:
        asyncio.run(main())
    assert isinstance(caught.value, DeadlineExceededError) is not own


def never_run(request: Request, proceed: Proceed) -> Any:
    yield from sleep(0)
    return proceed(request)


def yields_the_flow(request: Request, proceed: Proceed) -> Any:
    return (yield proceed(request))


def yields_a_number(request: Request, proceed: Proceed) -> Any:
    yield 7
    return (yield from proceed(request))


def ends_with_nothing(request: Request, proceed: Proceed) -> Any:
    yield from proceed(request)


async def is_a_coroutine(request: Request, proceed: Proceed) -> Any:
    return proceed(request)


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        (never_run, "return (yield from proceed(request))"),
        (yields_the_flow, "`yield from proceed(request)`"),
        (yields_a_number, "yielded int, not an effect"),
        (ends_with_nothing, "returned NoneType"),
        (lambda request, proceed: None, "returned NoneType; write a generator"),
        (lambda request, proceed: 7, "'Around'"),
    ],
)
def test_a_flow_that_is_written_wrongly_is_told_what_to_write(
    wrong: Any, advice: str, fetch: Fetch, fake: FakeTransport, refused: Refused
) -> None:
    fake.profile("u")
    error = refused(lambda: fetch(plugins=[Around(wrong)]))
    assert isinstance(error, PluginError)
    assert advice in str(error)
    assert error.operation == "get_info"


def test_a_flow_that_has_ended_can_not_be_passed_on_again(
    fetch: Fetch, fake: FakeTransport, refused: Refused
) -> None:
    flows: list[Any] = []

    def again(request: Request, proceed: Proceed) -> Any:
        flows.append(flows[0] if flows else proceed(request))
        return flows[-1]

    fake.profile("u").profile("u")
    plugin = Around(again)
    fetch(plugins=[plugin])
    error = refused(lambda: fetch(plugins=[plugin]))
    assert isinstance(error, PluginError)
    assert "'Around' returned NoneType" in str(error)


def test_a_coroutine_function_is_no_flow(fetch: Fetch, refused: Refused) -> None:
    error = refused(lambda: fetch(plugins=[Around(is_a_coroutine)]))
    assert "returned coroutine; write a generator" in str(error)


def test_a_plugins_own_error_reaches_the_caller_as_it_is(fetch: Fetch) -> None:
    def failing(request: Request, proceed: Proceed) -> Flow:
        raise LookupError("no such vault")

    with pytest.raises(LookupError, match="no such vault"):
        fetch(plugins=[Around(failing)])


@pytest.mark.parametrize("raised", [KeyError("hush"), OSError("hush"), ValueError("hush")])
def test_an_unknown_exception_of_a_transport_passes_through(
    raised: Exception, fetch: Fetch
) -> None:
    def broken(request: Request) -> Response:
        raise raised from RuntimeError("the cause, whose frames may hold a token")

    with pytest.raises(type(raised)) as caught:
        fetch(transport=FakeTransport(broken))
    assert caught.value is raised
    assert raised.__cause__ is raised.__context__ is None
    assert "broken" not in {entry.name for entry in caught.traceback}


def test_a_transport_must_answer_with_a_response(fetch: Fetch, refused: Refused) -> None:
    error = refused(lambda: fetch(transport=FakeTransport(lambda request: None)))  # type: ignore[arg-type,return-value] # That it must not is the point.
    assert "the transport returned NoneType, not a Response" in str(error)


def test_a_flow_is_finished_whatever_happens(fetch: Fetch, fake: FakeTransport) -> None:
    ended: list[str] = []

    def tidy(request: Request, proceed: Proceed) -> Flow:
        try:
            return (yield from proceed(request))
        finally:
            ended.append("ended")

    def interrupt(request: Request) -> Response:
        raise KeyboardInterrupt

    fake.add(DisconnectedError("gone"), interrupt).profile("u")
    for expected in (DisconnectedError, KeyboardInterrupt):
        with pytest.raises(expected):
            fetch(plugins=[Around(tidy)])
    fetch(plugins=[Around(tidy)])
    assert ended == ["ended"] * 3


def test_a_cancellation_reaches_every_flow_and_is_not_swallowed() -> None:
    seen: list[str] = []

    def watching(request: Request, proceed: Proceed) -> Flow:
        try:
            return (yield from proceed(request))
        except BaseException as error:
            seen.append(type(error).__name__)
            raise

    class Hanging:
        async def asend(self, request: Request) -> Response:
            await asyncio.sleep(60)
            raise AssertionError

        async def aclose(self) -> None: ...

    async def main() -> None:
        async with AsyncUsersManager(
            "https://tenant.example",
            transport=Hanging(),
            plugins=[Around(watching)],
            discover=False,
        ) as users:
            task = asyncio.create_task(users.get_info("t"))
            await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    assert seen == ["CancelledError"]


def test_a_failed_call_leaves_no_request_behind() -> None:
    fake = FakeTransport(DisconnectedError("gone"))
    gc.collect()
    gc.disable()
    try:
        with UsersManager("https://tenant.example", transport=fake, discover=False) as users:
            with contextlib.suppress(DisconnectedError):
                users.get_info("t")
            call = weakref.ref(fake.requests.pop().call)
        fake = FakeTransport()
        assert call() is None
    finally:
        gc.enable()
