"""The public API as a type checker sees it. Checked by mypy --strict, never run."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from datetime import datetime
from typing import Any, assert_type

from usersmanager import (
    APIError,
    AsyncUsersManager,
    RateLimit,
    Request,
    Response,
    TransportError,
    UserInfo,
    UsersManager,
)
from usersmanager.plugins import (
    Flow,
    PluginReport,
    Proceed,
    Token,
    hookimpl,
    installed_plugins,
    run,
    sleep,
)
from usersmanager.testing import (
    AsyncTransportContract,
    FakeTransport,
    Limit,
    Sandbox,
    StrictAsyncTransportContract,
    StrictTransportContract,
    TransportContract,
)
from usersmanager.transports import AsyncTransport, Transport
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_headers import Headers
from usersmanager_logging import Logging
from usersmanager_retry import Budget, Retry
from usersmanager_urllib3 import Urllib3Transport


def sync_calls(token: str, settings: Mapping[str, Any]) -> None:
    with UsersManager("https://tenant.example", transport=Urllib3Transport(pool_size=3)) as users:
        assert_type(users, UsersManager)
        assert_type(users.get_info(token), UserInfo)
        assert_type(users.get_info(token, timeout=3, expected_subject="u"), UserInfo)
        assert_type(users.impersonate("u", settings), str)
        assert_type(users.get_info(token, with_profile), None)
        assert_type(users.impersonate("u", {"token": "t"}, with_link), None)


async def async_calls(token: str, settings: Mapping[str, Any]) -> None:
    async with AsyncUsersManager("https://tenant.example", transport=AiohttpTransport()) as users:
        assert_type(users, AsyncUsersManager)
        call: Coroutine[Any, Any, UserInfo] = users.get_info(token)
        assert_type(await call, UserInfo)
        assert_type(await users.get_info(token), UserInfo)
        assert_type(await users.impersonate("u", settings), str)
        assert_type(users.get_info(token, with_profile), None)
        assert_type(users.impersonate("u", settings, with_link), None)


def with_profile(error: Exception | None, profile: UserInfo | None) -> None: ...


def with_link(error: Exception | None, link: str | None) -> None: ...


def claims(profile: UserInfo) -> None:
    assert_type(profile.sub, str)
    assert_type(profile.email, str | None)
    assert_type(profile.email_verified, bool | None)
    assert_type(profile.updated_at, datetime | None)
    assert_type(profile.address, Mapping[str, Any] | None)


def errors(api: APIError, transport: TransportError) -> None:
    assert_type(api.status, int)
    assert_type(api.error, str | None)
    assert_type(api.retry_after, float | None)
    assert_type(api.rate_limit, RateLimit | None)
    assert_type(transport.sent, bool)
    assert_type(transport.operation, str | None)


class Plugin:
    @hookimpl
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        response = yield from proceed(request)
        assert_type(response, Response)
        yield from sleep(0.1)
        answer = yield from run(sync=lambda: 7, async_=self.seven)
        assert_type(answer, int)
        return response

    @hookimpl
    def usersmanager_wrap_attempt(self, request: Request, proceed: Proceed) -> Flow[Response]:
        assert_type(request.token, Token)
        return proceed(request.with_headers({"X-A": "1"}).with_token("t"))

    async def seven(self) -> int:
        return 7


class CustomTransport:
    """Sync and async transport."""

    def send(self, request: Request) -> Response:
        return Response(200, [("Content-Type", "application/json")], b"{}")

    def close(self) -> None: ...

    async def asend(self, request: Request) -> Response:
        return self.send(request)

    async def aclose(self) -> None: ...


class StrictTransport(CustomTransport):
    strict = True


class TestBasic(TransportContract):
    def transport(self, **settings: Any) -> CustomTransport:
        return CustomTransport()


class TestBasicAsync(AsyncTransportContract):
    time_limit = 20
    exempt = {"test_it_can_be_closed_twice": "a reason"}  # noqa: RUF012 - a ClassVar.

    def transport(self, **settings: Any) -> CustomTransport:
        return CustomTransport()


class TestStrict(StrictTransportContract):
    def transport(self, **settings: Any) -> StrictTransport:
        return StrictTransport()


class TestStrictAsync(StrictAsyncTransportContract):
    def transport(self, **settings: Any) -> StrictTransport:
        return StrictTransport()


def requests(request: Request) -> None:
    assert_type(request.close_connection, bool)
    assert_type(request.with_connection_close(), Request)


def extensions() -> None:
    sync_transport: Transport = CustomTransport()
    async_transport: AsyncTransport = CustomTransport()
    strict: tuple[Transport, AsyncTransport] = StrictTransport(), StrictTransport()
    UsersManager("https://tenant.example", transport=strict[0])
    UsersManager("https://tenant.example", transport=sync_transport, plugins=[Plugin(), "retry"])
    AsyncUsersManager("https://tenant.example", transport=async_transport, discover=["logging"])
    UsersManager("https://tenant.example", plugins=[Retry(5, budget=Budget(10)), Logging()])
    UsersManager("https://tenant.example", plugins=[Headers(lambda request: {"X-A": "1"})])
    UsersManager("https://tenant.example", transport=FakeTransport().profile("u", email="e"))
    assert_type(installed_plugins(), list[PluginReport])


def sandbox() -> None:
    with Sandbox(rate_limit=Limit()) as server:
        assert_type(server.add_user("u", name="U").issue_token("u"), str)
