"""The hooks that are not wraps: request, response, done, close."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from tests.flow.support import Hooks
from tests.support import TENANT, Hanging

from usersmanager import (
    AsyncUsersManager,
    DecodeError,
    DisconnectedError,
    PluginError,
    Request,
    Response,
    ServerError,
    UnauthorizedError,
    UsersManager,
    UsersManagerError,
)
from usersmanager.operations import Operation, read_json
from usersmanager.plugins import call, hookimpl, sleep
from usersmanager.testing import FakeTransport
from usersmanager_retry import Retry

PROFILE = Response(200, {"Content-Type": "application/json"}, b'{"sub": "u"}')
Fetch = Callable[..., Any]
ErrorOf = Callable[[Callable[[], object]], UsersManagerError]


def test_a_request_hook_changes_each_attempt(fetch: Fetch, fake: FakeTransport) -> None:
    def request_hook(request: Request) -> Request:
        return request.with_headers({"X-Attempt": str(request.attempt)})

    fake.status(503).profile("u")
    fetch(plugins=[Hooks(request=request_hook), Retry(wait=None, attempts=2)])
    assert [request.headers["X-Attempt"] for request in fake.requests] == ["1", "2"]


def test_a_request_hook_that_returns_none_leaves_the_request_unchanged(
    fetch: Fetch, fake: FakeTransport
) -> None:
    seen: list[Request] = []
    fake.profile("u")
    fetch(plugins=[Hooks(request=lambda request: seen.append(request))])
    assert fake.requests == seen


def test_request_hooks_run_before_the_wraps_of_an_attempt(
    fetch: Fetch, fake: FakeTransport
) -> None:
    seen: list[str | None] = []

    def wrap(request: Request, proceed: Any) -> Any:
        seen.append(request.headers.get("X-Late"))
        return proceed(request)

    def request_hook(request: Request) -> Request:
        return request.with_headers({"X-Late": "1"})

    fake.profile("u")
    fetch(plugins=[Hooks(wrap_attempt=wrap), Hooks(request=request_hook)])
    assert seen == ["1"]


@pytest.mark.parametrize("result", [7, Response(200)])
def test_a_request_hook_that_returns_anything_else_is_a_mistake(
    result: object, fetch: Fetch, error_of: ErrorOf
) -> None:
    error = error_of(lambda: fetch(plugins=[Hooks(request=lambda request: result)]))
    assert type(error) is PluginError
    assert "'Hooks' returned" in str(error)
    assert "return a Request or None" in str(error)


def test_a_mistake_in_an_observer_names_its_plugin(
    fetch: Fetch, fake: FakeTransport, error_of: ErrorOf
) -> None:
    class Sleepy(Hooks):
        """Another name than that of the plugin around it."""

    def outer(request: Request, proceed: Any) -> Any:
        return (yield from proceed(request))

    fake.profile("u")
    sleepy = Sleepy(response=lambda response: sleep(-1))
    error = error_of(lambda: fetch(plugins=[Hooks(wrap_call=outer), sleepy]))
    assert type(error) is PluginError
    assert str(error).startswith("plugin 'Sleepy' called sleep(-1)")


def test_a_response_hook_sees_every_response_with_the_request_that_was_sent(
    fetch: Fetch, fake: FakeTransport
) -> None:
    seen: list[tuple[str, int]] = []

    def observe(request: Request, response: Response) -> Response:
        seen.append((request.headers["X-A"], response.status))
        return Response(500)  # Its result is ignored.

    def add_header(request: Request) -> Request:
        return request.with_headers({"X-A": str(request.attempt)})

    fake.status(503).profile("u")
    plugins = [Hooks(request=add_header, response=observe), Retry(attempts=2)]
    assert fetch(plugins=plugins).sub == "u"
    assert seen == [("1", 503), ("2", 200)]


def test_a_response_hook_is_not_called_without_a_response(
    fetch: Fetch, fake: FakeTransport, error_of: ErrorOf
) -> None:
    seen: list[object] = []
    fake.add(DisconnectedError("x"))
    error_of(lambda: fetch(plugins=[Hooks(response=lambda response: seen.append(response))]))
    assert seen == []


def test_the_variant_of_a_call_is_known_to_every_other_hook(
    fetch: Fetch, fake: FakeTransport
) -> None:
    seen: list[Any] = []

    def see(request: Request) -> None:
        seen.append(request.call.variant)

    def wrap(request: Request, proceed: Any) -> Any:
        see(request)
        return proceed(request)

    fake.status(503).profile("u")
    named = [Named("a", "1"), Named("b", None), Named("c", "")]
    fetch(plugins=[Hooks(wrap_call=wrap, request=see, done=see), *named, Retry(wait=0)])
    assert seen == [(("a", "1"), ("c", ""))] * 4
    assert [plugin.asked for plugin in named] == [1, 1, 1]


def test_the_variant_belongs_to_the_requests_of_plugins_too(
    fetch: Fetch, fake: FakeTransport
) -> None:
    def wrap(request: Request, proceed: Any) -> Any:
        assert (yield from call(discovery(), request, proceed))["sub"] == "u"
        return (yield from proceed(request))

    def discovery() -> Operation[Any]:
        return Operation("discovery", "GET", path="/own", read=read_json)

    fake.profile("u").profile("u")
    fetch(plugins=[Hooks(wrap_call=wrap), plugin := Named("a", "1")])
    assert [request.operation for request in fake.requests] == ["discovery", "get_info"]
    assert [request.call.variant for request in fake.requests] == [(("a", "1"),)] * 2
    assert plugin.asked == 1


@pytest.mark.parametrize("result", [7, b"a", ("a", "b")])
def test_a_variant_that_is_no_text_is_a_mistake(
    result: Any, fetch: Fetch, fake: FakeTransport, error_of: ErrorOf
) -> None:
    error = error_of(lambda: fetch(plugins=[Named("a", result)]))
    assert type(error) is PluginError
    assert f"'a' returned {type(result).__name__} from usersmanager_variant" in str(error)
    assert fake.requests == []


class Named:
    """A plugin with a variant; it counts how often it is asked."""

    def __init__(self, name: str, variant: str | None) -> None:
        self.name = name
        self.variant = variant
        self.asked = 0

    @hookimpl
    def usersmanager_variant(self) -> str | None:
        self.asked += 1
        return self.variant


def recording(log: list[Any]) -> Hooks:
    def done(request: Request, response: Any, error: Any, elapsed: float) -> None:
        status = None if response is None else response.status
        log.append((request.operation, status, type(error), 0 <= elapsed < 10))

    return Hooks(done=done)


@pytest.mark.parametrize(
    ("script", "status", "error"),
    [
        ([PROFILE], 200, type(None)),
        ([Response(200, {}, b"not a profile")], 200, DecodeError),
        ([Response(401)], 401, UnauthorizedError),
        ([Response(503), Response(500)], 500, ServerError),
        ([DisconnectedError("x"), DisconnectedError("x")], None, DisconnectedError),
    ],
)
def test_done_hooks_see_what_the_caller_gets_once_per_call(
    script: Any, status: Any, error: Any, fetch: Fetch, fake: FakeTransport
) -> None:
    log: list[Any] = []
    fake.add(*script)
    with contextlib.suppress(UsersManagerError):
        fetch(plugins=[recording(log), Retry(attempts=2)])
    assert log == [("get_info", status, error, True)]


def test_done_hooks_see_an_interruption(fetch: Fetch, fake: FakeTransport) -> None:
    def interrupt(request: Request) -> Response:
        raise KeyboardInterrupt

    log: list[Any] = []
    fake.add(interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch(plugins=[recording(log)])
    assert log == [("get_info", None, KeyboardInterrupt, True)]


def test_done_hooks_see_a_cancellation() -> None:
    async def main() -> list[Any]:
        log: list[Any] = []
        async with AsyncUsersManager(
            TENANT, transport=Hanging(), plugins=[recording(log)]
        ) as users:
            task = asyncio.ensure_future(users.get_info("t"))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
        return log

    assert asyncio.run(main()) == [("get_info", None, asyncio.CancelledError, True)]


def test_a_refused_argument_begins_no_call(fetch: Fetch, error_of: ErrorOf) -> None:
    log: list[Any] = []
    error_of(lambda: fetch(token="", plugins=[recording(log)]))
    assert log == []


def test_done_hooks_also_see_the_discovery_of_an_issuer() -> None:
    log: list[Any] = []
    fake = FakeTransport().status(404)
    with pytest.raises(UsersManagerError):
        UsersManager.from_issuer(TENANT, transport=fake, plugins=[recording(log)])
    assert [(operation, status) for operation, status, *_ in log] == [("discover", 404)]


class HookFailedError(Exception):
    """What a hook raises."""


@pytest.mark.parametrize("hook", ["request", "response", "wrap_call", "wrap_attempt", "done"])
def test_what_a_hook_raises_passes_unchanged(hook: str, fetch: Fetch, fake: FakeTransport) -> None:
    def fails(request: Any) -> None:
        raise HookFailedError

    fake.profile("u")
    with pytest.raises(HookFailedError):
        fetch(plugins=[Hooks(**{hook: fails})])


@pytest.mark.parametrize("hook", ["request", "response", "wrap_call", "wrap_attempt", "done"])
def test_a_stop_iteration_is_a_mistake_as_it_can_not_pass_a_generator(
    hook: str, fetch: Fetch, fake: FakeTransport, error_of: ErrorOf
) -> None:
    def stops(request: Any) -> Any:
        return next(iter(()))

    fake.profile("u")
    error = error_of(lambda: fetch(plugins=[Hooks(**{hook: stops})]))
    assert type(error) is PluginError
    assert str(error).startswith("plugin 'Hooks' raised StopIteration, which")
    assert isinstance(error.__cause__, StopIteration)


@pytest.mark.parametrize("script", [PROFILE, Response(401)])
def test_all_done_hooks_are_called_and_see_the_first_exception_of_one(
    script: Any, fetch: Fetch, fake: FakeTransport
) -> None:
    def fails(error: Any) -> None:
        seen.append(type(error))
        raise HookFailedError

    seen: list[type] = []
    fake.add(script)
    plugins = [Hooks(done=lambda error: seen.append(type(error))), Hooks(done=fails)]
    with pytest.raises(HookFailedError):
        fetch(plugins=plugins)
    assert seen[1] is HookFailedError


def closing(log: list[str], name: str, *, error: BaseException | None = None) -> Hooks:
    def close() -> None:
        log.append(name)
        if error is not None:
            raise error

    return Hooks(close=close)


class LoggingTransport(FakeTransport):
    """A transport that logs its close, and may fail in it."""

    def __init__(self, log: list[str], error: Exception | None = None) -> None:
        super().__init__()
        self._log = log
        self._error = error

    def close(self) -> None:
        self._log.append("transport")
        if self._error is not None:
            raise self._error


def test_plugins_are_closed_once_after_the_transport_innermost_first() -> None:
    log: list[str] = []
    plugins = [closing(log, "outer"), closing(log, "inner")]
    users = UsersManager(TENANT, transport=LoggingTransport(log), plugins=plugins)
    users.close()
    users.close()
    assert log == ["transport", "inner", "outer"]


def test_aclose_uses_the_async_hook_of_a_plugin_if_it_has_one() -> None:
    async def aclose() -> None:
        await asyncio.sleep(0)
        log.append("async")

    async def main() -> None:
        both = Hooks(close=lambda: log.append("sync"), aclose=aclose)
        plain = Hooks(aclose=lambda: log.append("plain"))
        plugins = [closing(log, "outer"), both, plain]
        users = AsyncUsersManager(TENANT, transport=LoggingTransport(log), plugins=plugins)
        await users.aclose()
        await users.aclose()

    log: list[str] = []
    asyncio.run(main())
    assert log == ["transport", "plain", "async", "outer"]


def test_usersmanager_never_calls_the_async_hook() -> None:
    log: list[str] = []
    plugin = Hooks(aclose=lambda: log.append("async"), close=lambda: log.append("sync"))
    UsersManager(TENANT, transport=FakeTransport(), plugins=[plugin]).close()
    assert log == ["sync"]


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_an_error_in_one_close_does_not_stop_the_others(mode: str) -> None:
    def close() -> None:
        UsersManager(TENANT, transport=transport, plugins=plugins).close()

    async def aclose() -> None:
        await AsyncUsersManager(TENANT, transport=transport, plugins=plugins).aclose()

    log: list[str] = []
    transport = LoggingTransport(log, ValueError("first"))
    plugins = [closing(log, "outer"), closing(log, "inner", error=KeyError("second"))]
    with pytest.raises(ValueError, match="first"):
        close() if mode == "sync" else asyncio.run(aclose())
    assert log == ["transport", "inner", "outer"]


@pytest.mark.parametrize("manager", [UsersManager, AsyncUsersManager])
def test_a_construction_that_fails_half_way_closes_its_plugins_with_the_sync_hook(
    manager: Any,
) -> None:
    log: list[str] = []
    aclosing = Hooks(aclose=lambda: log.append("async"))
    plugins = [closing(log, "a"), aclosing, closing(log, "b", error=ValueError()), "nowhere"]
    with pytest.raises(PluginError, match="no plugin"):
        manager(TENANT, transport=FakeTransport(), plugins=plugins)
    assert log == ["b", "a"]


def test_from_issuer_closes_the_plugins_if_it_fails() -> None:
    log: list[str] = []
    fake = FakeTransport().status(404)
    with pytest.raises(UsersManagerError):
        UsersManager.from_issuer(TENANT, transport=fake, plugins=[closing(log, "plugin")])
    assert log == ["plugin"]
