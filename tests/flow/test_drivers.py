"""The drivers: effects, deadlines, interruptions and cleanup, in both modes."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import math
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from tests.flow.support import Hooks
from tests.support import TENANT, Hanging

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
from usersmanager.plugins import Flow, Proceed, run, sleep
from usersmanager.testing import FakeTransport

Fetch = Callable[..., Any]
ErrorOf = Callable[[Callable[[], object]], UsersManagerError]


class WithoutSleep:
    """A transport that has only the required methods."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(200, {"Content-Type": "application/json"}, b'{"sub": "u"}')

    async def asend(self, request: Request) -> Response:
        return self.send(request)

    def close(self) -> None: ...

    async def aclose(self) -> None: ...


def test_sleep_waits(fetch: Fetch) -> None:
    def waiting(request: Request, proceed: Proceed) -> Flow[Response]:
        yield from sleep(0.05)
        return (yield from proceed(request))

    started = time.monotonic()
    fetch(plugins=[Hooks(wrap_call=waiting)], transport=WithoutSleep())
    assert time.monotonic() - started >= 0.05


def test_sleep_waits_with_the_transport_if_it_can(fetch: Fetch, fake: FakeTransport) -> None:
    def waiting(request: Request, proceed: Proceed) -> Flow[Response]:
        yield from sleep(5)
        yield from sleep(0.5)
        return (yield from proceed(request))

    fetch(plugins=[Hooks(wrap_call=waiting)], transport=fake.profile("u"))
    assert fake.waits == [5, 0.5]


def test_run_rejects_an_async_form_that_returns_no_awaitable() -> None:
    def plain(request: Request, proceed: Proceed) -> Flow[Response]:
        yield from run(sync=dict, async_=dict)  # type: ignore[arg-type] # The mistake.
        return (yield from proceed(request))

    async def main() -> None:
        plugins = [Hooks(wrap_call=plain)]
        async with AsyncUsersManager(TENANT, transport=FakeTransport(), plugins=plugins) as users:
            await users.get_info("t")

    with pytest.raises(PluginError, match=r"'Hooks' called run.* dict, not an awaitable"):
        asyncio.run(main())


@pytest.mark.parametrize("make_transport", [FakeTransport, WithoutSleep])
@pytest.mark.parametrize("seconds", [30, math.inf, 10**400], ids=["30", "inf", "10**400"])
def test_a_wait_beyond_the_deadline_is_not_started(
    fetch: Fetch, error_of: ErrorOf, make_transport: Callable[[], Any], seconds: float
) -> None:
    outcomes: list[str] = []

    def waiting(request: Request, proceed: Proceed) -> Flow[Response]:
        try:
            yield from sleep(seconds)
        except DeadlineExceededError:
            outcomes.append("not started")
            raise
        return (yield from proceed(request))

    started = time.monotonic()
    transport = make_transport()
    error = error_of(
        lambda: fetch(plugins=[Hooks(wrap_call=waiting)], timeout=29, transport=transport)
    )
    assert isinstance(error, DeadlineExceededError)
    assert "would end after the deadline" in str(error)
    assert outcomes == ["not started"]
    assert time.monotonic() - started < 15
    assert (transport.requests, getattr(transport, "waits", [])) == ([], [])


def test_nothing_is_sent_after_the_deadline(
    fetch: Fetch, fake: FakeTransport, error_of: ErrorOf
) -> None:
    def slow(request: Request, proceed: Proceed) -> Flow[Response]:
        time.sleep(0.03)
        return proceed(request)

    error = error_of(lambda: fetch(plugins=[Hooks(wrap_call=slow)], timeout=0.02))
    assert isinstance(error, DeadlineExceededError)
    assert error.sent is False
    assert fake.requests == []


def test_run_calls_the_form_of_the_mode(fetch: Fetch, fake: FakeTransport, mode: Any) -> None:
    async def asynchronous() -> str:
        await asyncio.sleep(0)
        return "async"

    def asking(request: Request, proceed: Proceed) -> Flow[Response]:
        answer = yield from run(sync=lambda: "sync", async_=asynchronous)
        return (yield from proceed(request.with_headers({"X-Mode": answer})))

    fake.profile("u")
    fetch(plugins=[Hooks(wrap_call=asking)])
    assert fake.requests[0].headers["X-Mode"] == mode.name


def test_run_starts_nothing_after_the_deadline(
    fetch: Fetch, fake: FakeTransport, error_of: ErrorOf
) -> None:
    started: list[str] = []

    async def asynchronous() -> None:
        started.append("async")

    def late(request: Request, proceed: Proceed) -> Flow[Response]:
        time.sleep(0.03)
        yield from run(sync=lambda: started.append("sync"), async_=asynchronous)
        return (yield from proceed(request))

    error = error_of(lambda: fetch(plugins=[Hooks(wrap_call=late)], timeout=0.02))
    assert isinstance(error, DeadlineExceededError)
    assert (started, fake.requests) == ([], [])


def test_run_raises_the_exception_of_the_function(fetch: Fetch, fake: FakeTransport) -> None:
    def failing() -> str:
        raise KeyError("vault")

    async def failing_async() -> str:
        raise KeyError("vault")

    def asking(request: Request, proceed: Proceed) -> Flow[Response]:
        with pytest.raises(KeyError):
            yield from run(sync=failing, async_=failing_async)
        return (yield from proceed(request))

    fake.profile("u")
    assert fetch(plugins=[Hooks(wrap_call=asking)]).sub == "u"


@pytest.mark.parametrize("own", [True, False])
def test_the_async_form_is_cancelled_at_the_deadline_and_keeps_its_own_timeout_error(
    own: bool,
) -> None:
    async def hanging() -> None:
        if own:
            raise TimeoutError("of the vault")
        await asyncio.sleep(60)

    def asking(request: Request, proceed: Proceed) -> Flow[Response]:
        yield from run(sync=lambda: None, async_=hanging)
        return (yield from proceed(request))

    async def main() -> None:
        async with AsyncUsersManager(
            TENANT,
            transport=FakeTransport(),
            plugins=[Hooks(wrap_call=asking)],
            discover=False,
        ) as users:
            await users.get_info("t", timeout=5 if own else 0.05)

    with pytest.raises(TimeoutError) as caught:
        asyncio.run(main())
    assert isinstance(caught.value, DeadlineExceededError) is not own


@pytest.mark.parametrize("raised", [KeyError("hush"), ValueError("hush")])
def test_another_exception_of_a_transport_passes_through_without_its_frames(
    raised: Exception, fetch: Fetch
) -> None:
    def broken(request: Request) -> Response:
        raise raised from RuntimeError("the cause, whose frames may hold a token")

    with pytest.raises(type(raised)) as caught:
        fetch(transport=FakeTransport(broken))
    assert caught.value is raised
    assert raised.__cause__ is raised.__context__ is None
    assert "broken" not in {entry.name for entry in caught.traceback}


def test_a_transport_that_returns_no_response_is_a_plugin_error(
    fetch: Fetch, error_of: ErrorOf
) -> None:
    error = error_of(lambda: fetch(transport=FakeTransport(lambda request: None)))  # type: ignore[arg-type,return-value] # The mistake.
    assert "the transport returned NoneType, not a Response" in str(error)


def test_a_flow_is_always_finished(fetch: Fetch, fake: FakeTransport) -> None:
    ended: list[str] = []

    def cleaning_up(request: Request, proceed: Proceed) -> Flow[Response]:
        try:
            return (yield from proceed(request))
        finally:
            ended.append("ended")

    def interrupt(request: Request) -> Response:
        raise KeyboardInterrupt

    fake.add(DisconnectedError("gone"), interrupt).profile("u")
    for expected in (DisconnectedError, KeyboardInterrupt):
        with pytest.raises(expected):
            fetch(plugins=[Hooks(wrap_call=cleaning_up)])
    fetch(plugins=[Hooks(wrap_call=cleaning_up)])
    assert ended == ["ended"] * 3


def test_a_cancellation_reaches_every_flow_and_the_caller() -> None:
    seen: list[str] = []

    def watching(request: Request, proceed: Proceed) -> Flow[Response]:
        try:
            return (yield from proceed(request))
        except BaseException as error:
            seen.append(type(error).__name__)
            raise

    async def main() -> None:
        async with AsyncUsersManager(
            TENANT,
            transport=Hanging(),
            plugins=[Hooks(wrap_call=watching)],
            discover=False,
        ) as users:
            task = asyncio.create_task(users.get_info("t"))
            await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    assert seen == ["CancelledError"]


def test_a_failed_call_leaves_no_reference_to_its_request() -> None:
    fake = FakeTransport(DisconnectedError("gone"))
    gc.collect()
    gc.disable()
    try:
        with UsersManager(TENANT, transport=fake, discover=False) as users:
            with contextlib.suppress(DisconnectedError):
                users.get_info("t")
            call = weakref.ref(fake.requests.pop().call)
        fake = FakeTransport()
        assert call() is None
    finally:
        gc.enable()
