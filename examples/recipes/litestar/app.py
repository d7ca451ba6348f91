import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide

from usersmanager import (
    AsyncUsersManager,
    UserInfo,
    UsersManagerError,
)
from usersmanager.web import bearer_token, error_response


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    async with AsyncUsersManager(
        os.environ["AUTH0_URL"]
    ) as app.state.users:
        yield


async def current_user(
    request: Request[Any, Any, State], state: State
) -> UserInfo:
    users: AsyncUsersManager = state.users
    return await users.get_info(
        bearer_token(request.headers.get("Authorization"))
    )


def answer(
    request: Request[Any, Any, State],
    error: UsersManagerError,
) -> Response[dict[str, str]]:
    status, detail, headers = error_response(error)
    return Response(
        {"detail": detail},
        status_code=status,
        headers=headers,
    )


@get("/me")
async def me(
    user: NamedDependency[UserInfo],
) -> dict[str, Any]:
    return user


app = Litestar(
    [me],
    lifespan=[lifespan],
    dependencies={"user": Provide(current_user)},
    exception_handlers={UsersManagerError: answer},
)
