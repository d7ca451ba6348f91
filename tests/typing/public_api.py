"""The public API as a type checker sees it. Checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from datetime import datetime
from typing import Any, assert_type

from usersmanager import (
    APIError,
    AsyncUsersManager,
    ConnectError,
    InvalidTokenError,
    ProviderUnavailableError,
    RateLimit,
    RateLimitedError,
    Request,
    Response,
    ServerError,
    TransportError,
    UserInfo,
    UsersManager,
)
from usersmanager.errors import Reason
from usersmanager.plugins import PluginReport, installed_plugins
from usersmanager.testing import FakeTransport, Limit, Sandbox
from usersmanager.transports import AsyncTransport, Transport
from usersmanager_aiohttp import AiohttpTransport
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
    assert_type(transport.reason, Reason)
    assert_type(transport.operation, str | None)
    assert_type(transport.origin, str | None)


def an_outage(token: str) -> float | int | None:
    with UsersManager("https://tenant.example") as users:
        try:
            users.get_info(token)
        except InvalidTokenError:
            return 401
        except ProviderUnavailableError as error:
            assert_type(error.retry_after, float | None)
            return error.retry_after
    return None


def new_errors() -> list[ProviderUnavailableError]:
    return [
        ProviderUnavailableError("the circuit is open", retry_after=30),
        TransportError("m", sent=False, reason="refused", retry_after=1.5),
        ConnectError("m", reason="proxy_refused", proxy_status=407),
        RateLimitedError("m", status=429),
        ServerError("m", status=503, retry_after=2),
    ]


class CustomTransport:
    """Sync and async transport."""

    def send(self, request: Request) -> Response:
        return Response(200, [("Content-Type", "application/json")], b"{}")

    def close(self) -> None: ...

    async def asend(self, request: Request) -> Response:
        return self.send(request)

    async def aclose(self) -> None: ...


def extensions() -> None:
    sync_transport: Transport = CustomTransport()
    async_transport: AsyncTransport = CustomTransport()
    UsersManager("https://tenant.example", transport=sync_transport, plugins=[object(), "retry"])
    AsyncUsersManager("https://tenant.example", transport=async_transport, discover=["logging"])
    UsersManager("https://tenant.example", transport=FakeTransport().profile("u", email="e"))
    assert_type(installed_plugins(), list[PluginReport])


def sandbox() -> None:
    with Sandbox(rate_limit=Limit()) as server:
        assert_type(server.add_user("u", name="U").issue_token("u"), str)
