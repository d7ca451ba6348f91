"""Mistakes that a type checker must report. Checked by mypy --strict and pyright, never run.

Both report an ignore comment that suppresses nothing (`warn_unused_ignores` in mypy,
`reportUnnecessaryTypeIgnoreComment` in pyright). A mistake that one of them no longer finds is
therefore an error.
"""

from __future__ import annotations

from usersmanager import (
    AsyncUsersManager,
    ImpersonationSettings,
    Request,
    Response,
    UserInfo,
    UsersManager,
    UsersManagerError,
)
from usersmanager.plugins import Flow, Proceed, run, sleep
from usersmanager.transports import AsyncTransport, Transport
from usersmanager.web import bearer_token, error_response
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_headers import Headers
from usersmanager_retry import Retry
from usersmanager_urllib3 import Urllib3Transport

URL = "https://tenant.example"


def constructing() -> None:
    UsersManager()  # type: ignore[call-arg]
    UsersManager(URL, "client")  # type: ignore[call-arg, arg-type]
    UsersManager(URL, timeout="5")  # type: ignore[arg-type]
    UsersManager(URL, retries=3)  # type: ignore[call-arg]
    UsersManager(URL, plugins=Retry())  # type: ignore[arg-type]
    UsersManager(URL, transport=AiohttpTransport())  # type: ignore[arg-type]
    AsyncUsersManager(URL, transport=Urllib3Transport())  # type: ignore[arg-type]


def calling(users: UsersManager, token: str | None) -> None:
    users.get_info(token)  # type: ignore[arg-type]
    users.get_info("t", "subject")  # type: ignore[call-overload]
    users.get_info("t", timeout="5")  # type: ignore[call-overload]
    users.get_info("t", with_a_link)  # type: ignore[arg-type]
    users.impersonate("u")  # type: ignore[call-overload]
    users.impersonate("u", "settings")  # type: ignore[call-overload]
    users.get_user("t")  # type: ignore[attr-defined]


def with_a_link(error: UsersManagerError | None, link: str | None) -> None: ...


def incomplete() -> ImpersonationSettings:
    return {"impersonator_id": "i", "protocol": "oauth2"}  # type: ignore[typeddict-item]


def misspelled(complete: ImpersonationSettings) -> None:
    complete["clientID"] = "c"  # type: ignore[typeddict-unknown-key]


async def awaiting(users: AsyncUsersManager) -> None:
    users.get_info("t")  # type: ignore[unused-coroutine]
    users.get_info("t").has("email")  # type: ignore[attr-defined]
    await users.get_info("t", lambda error, profile: None)  # type: ignore[misc]
    with AsyncUsersManager(URL):  # type: ignore[attr-defined]
        pass
    async with UsersManager(URL):  # type: ignore[attr-defined]
        pass
    AsyncUsersManager.from_issuer(URL).get_info("t")  # type: ignore[attr-defined]


def reading(profile: UserInfo, response: Response) -> None:
    profile.sub = "another"  # type: ignore[misc]
    profile.nickname.upper()  # type: ignore[union-attr]
    profile.roles.clear()  # type: ignore[attr-defined]
    response.status = 500  # type: ignore[misc]


def answering(error: UsersManagerError, header: str | None) -> None:
    bearer_token(header, required=False).strip()  # type: ignore[union-attr]
    error_response(error, "api")  # type: ignore[call-arg]
    error_response("a text")  # type: ignore[arg-type]


class WithoutClose:
    def send(self, request: Request) -> Response:
        return Response(200)


class OfAnotherStyle:
    async def send(self, request: Request) -> Response:
        return Response(200)

    def close(self) -> None: ...


def without_a_method() -> Transport:
    return WithoutClose()  # type: ignore[return-value]


def of_another_style() -> Transport:
    return OfAnotherStyle()  # type: ignore[return-value]


def of_the_sync_style() -> AsyncTransport:
    return Urllib3Transport()  # type: ignore[return-value]


class Flows:
    def without_from(self, request: Request, proceed: Proceed) -> Flow[Response]:
        yield proceed(request)  # type: ignore[misc]
        yield sleep(1)  # type: ignore[misc]
        return Response(200)

    def without_yield(self, request: Request, proceed: Proceed) -> Flow[Response]:
        yield from sleep(1)
        return proceed(request)  # type: ignore[return-value]

    def without_result(self, request: Request, proceed: Proceed) -> Flow[Response]:  # type: ignore[return]
        yield from proceed(request)

    def of_other_types(self) -> Flow[None]:
        yield from sleep("1")  # type: ignore[arg-type]
        yield from run(lambda: 7, self.seven)  # type: ignore[call-arg]
        yield from run(sync=lambda: 7)  # type: ignore[call-arg]

    async def seven(self) -> int:
        return 7


def plugins() -> None:
    Retry(wait="1")  # type: ignore[arg-type]
    Retry(attempts="3")  # type: ignore[arg-type]
    Headers("X-A")  # type: ignore[arg-type]
    Headers({"X-A": 1})  # type: ignore[dict-item]
