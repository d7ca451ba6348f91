"""The public API as type checkers see it. Checked by mypy --strict and pyright, never run."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, assert_type

from usersmanager import (
    APIError,
    AsyncUsersManager,
    ConnectError,
    DecodeError,
    ImpersonationSettings,
    InvalidTokenError,
    ManagerOptions,
    PendingManager,
    ProviderUnavailableError,
    RateLimit,
    RateLimitedError,
    Request,
    Response,
    ServerError,
    TransportError,
    UserInfo,
    UsersManager,
    UsersManagerError,
)
from usersmanager.errors import Reason
from usersmanager.operations import Bearer, Credential, Operation, Secret, read_json
from usersmanager.plugins import PluginReport, installed_plugins
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
from usersmanager_urllib3 import Urllib3Transport


def sync_calls(token: str, settings: Mapping[str, Any]) -> None:
    with UsersManager("https://tenant.example", transport=Urllib3Transport(pool_size=3)) as users:
        assert_type(users, UsersManager)
        assert_type(users.get_info(token), UserInfo)
        assert_type(users.get_info(token, timeout=3, expected_subject="u"), UserInfo)
        assert_type(users.impersonate("u", settings), str)
        assert_type(users.get_info(token, with_profile), None)
        assert_type(users.impersonate("u", {"token": "t"}, with_link), None)


def _read_roles(response: Response) -> list[str]:
    return [str(role) for role in read_json(response)["roles"]]


def list_roles(user_id: str, *, token: str) -> Operation[list[str]]:
    return Operation(
        name="list_roles",
        method="GET",
        path="/users/{user_id}/roles",
        arguments={"user_id": user_id},
        credential=Bearer(token),
        read=_read_roles,
    )


class ApiKey:
    def authorize(self, request: Request) -> Request:
        return request.with_form({"key": Secret("k"), "scope": ["a", "b"], "none": None})


def with_roles(error: UsersManagerError | None, roles: list[str] | None) -> None: ...


def call_any(users: UsersManager, operation: Operation[Sequence[object]]) -> None:
    # An operation is covariant in its result, and a result may be of any type.
    assert_type(users.call(operation), Sequence[object])


def operations_of_anyone(users: UsersManager, token: str) -> None:
    assert_type(users.call(list_roles("u", token=token)), list[str])
    assert_type(users.call(list_roles("u", token=token), timeout=3), list[str])
    assert_type(users.call(list_roles("u", token=token), with_roles), None)
    call_any(users, list_roles("u", token=token))
    credential: Credential = ApiKey()
    deleting = Operation("delete", "DELETE", path="/x", read=lambda _: None, credential=credential)
    users.call(deleting)
    assert_type(users.provider, Mapping[str, Any] | None)
    # The wrong values are ignored: a checker must report them.
    Operation("op", "HEAD", path="/x", read=_read_roles)  # type: ignore[arg-type]
    Operation("op", "GET", path="/x", read=_read_roles, query={"a": Secret("s")})  # type: ignore[dict-item]
    Operation("op", "GET", path="/x", read=_read_roles, credential=token)  # type: ignore[arg-type]
    users.call(list_roles)  # type: ignore[call-overload]
    users.call(list_roles("u", token=token), with_profile)  # type: ignore[arg-type]


async def operations_of_anyone_in_asyncio(issuer: str, token: str) -> None:
    async with AsyncUsersManager.from_issuer(issuer) as users:
        call: Coroutine[Any, Any, list[str]] = users.call(list_roles("u", token=token))
        assert_type(await call, list[str])
        assert_type(await users.call(list_roles("u", token=token)), list[str])
        assert_type(users.call(list_roles("u", token=token), with_roles), None)
        assert_type(users.provider, Mapping[str, Any] | None)


def known_endpoints(token: str) -> None:
    endpoints = {"userinfo_endpoint": "https://pool.auth.example/oauth2/userInfo"}
    UsersManager("https://pool.auth.example", endpoints=endpoints, userinfo_method="POST")
    # The wrong value is ignored: a checker must report it.
    UsersManager("https://pool.auth.example", userinfo_method="PUT")  # type: ignore[arg-type]
    options: ManagerOptions = {"endpoints": endpoints, "userinfo_method": "GET"}
    with UsersManager.from_issuer("https://pool.auth.example", **options) as users:
        assert_type(users.get_info(token), UserInfo)


async def any_provider(issuer: str) -> None:
    pending: PendingManager[AsyncUsersManager] = AsyncUsersManager.from_issuer(issuer, timeout=3)
    coroutine: Coroutine[Any, Any, AsyncUsersManager] = pending
    assert_type(await coroutine, AsyncUsersManager)
    assert_type(await asyncio.create_task(pending), AsyncUsersManager)
    async with AsyncUsersManager.from_issuer(issuer) as users:
        assert_type(users, AsyncUsersManager)
    async with await AsyncUsersManager.from_issuer(issuer) as users:
        assert_type(users, AsyncUsersManager)
    async with Subclass.from_issuer(issuer) as subclass:
        assert_type(subclass, Subclass)


class Subclass(AsyncUsersManager): ...


async def async_calls(token: str, settings: Mapping[str, Any]) -> None:
    async with AsyncUsersManager("https://tenant.example", transport=AiohttpTransport()) as users:
        assert_type(users, AsyncUsersManager)
        call: Coroutine[Any, Any, UserInfo] = users.get_info(token)
        assert_type(await call, UserInfo)
        assert_type(await users.get_info(token), UserInfo)
        assert_type(await users.impersonate("u", settings), str)
        assert_type(users.get_info(token, with_profile), None)
        assert_type(users.impersonate("u", settings, with_link), None)


def with_profile(error: UsersManagerError | None, profile: UserInfo | None) -> None: ...


def with_link(error: Exception | None, link: str | None) -> None: ...


def settings(users: UsersManager, token: str) -> None:
    complete: ImpersonationSettings = {
        "impersonator_id": "i",
        "protocol": "oauth2",
        "token": token,
        "additionalParameters": {"callback_url": "https://app.example"},
    }
    assert_type(users.impersonate("u", complete), str)
    mapping: Mapping[str, str] = {"impersonator_id": "i", "protocol": "oauth2", "token": token}
    assert_type(users.impersonate("u", mapping), str)


def claims(profile: UserInfo) -> None:
    assert_type(profile.sub, str)
    assert_type(profile.email, str | None)
    assert_type(profile.email_verified, bool | None)
    assert_type(profile.updated_at, datetime | None)
    assert_type(profile.address, Mapping[str, Any] | None)
    assert_type(profile.copy(), UserInfo)
    assert_type(profile | {"groups": ["a"]}, UserInfo)


def errors(api: APIError, transport: TransportError, decode: DecodeError) -> None:
    assert_type(decode.error, str | None)
    assert_type(decode.error_description, str | None)
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
    UsersManager("https://tenant.example", transport=sync_transport, plugins=[object(), "retry"])
    AsyncUsersManager("https://tenant.example", transport=async_transport, discover=["logging"])
    fake = FakeTransport(real_time=True).profile("u", email="e")
    UsersManager("https://tenant.example", transport=fake)
    assert_type(fake.waits, list[float])
    assert_type(installed_plugins(), list[PluginReport])


def sandbox() -> None:
    with Sandbox(rate_limit=Limit()) as server:
        assert_type(server.add_user("u", name="U").issue_token("u"), str)
