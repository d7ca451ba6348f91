import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.authentication import (
    AuthCredentials,
    AuthenticationBackend,
    AuthenticationError,
    BaseUser,
)
from starlette.middleware import Middleware
from starlette.middleware.authentication import (
    AuthenticationMiddleware,
)
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from usersmanager import (
    AsyncUsersManager,
    UserInfo,
    UsersManagerError,
)
from usersmanager.web import (
    ErrorResponse,
    bearer_token,
    error_response,
)


class User(BaseUser):
    def __init__(self, profile: UserInfo) -> None:
        self.profile = profile

    is_authenticated = True


class BearerTokens(AuthenticationBackend):
    async def authenticate(
        self, conn: HTTPConnection
    ) -> tuple[AuthCredentials, BaseUser]:
        users: AsyncUsersManager = conn.state.users
        try:
            profile = await users.get_info(
                bearer_token(
                    conn.headers.get("Authorization")
                )
            )
        except UsersManagerError as error:
            raise AuthenticationError(
                *error_response(error)
            ) from None
        return AuthCredentials(["authenticated"]), User(
            profile
        )


def answer(
    conn: HTTPConnection, error: AuthenticationError
) -> JSONResponse:
    status, detail, headers = ErrorResponse(*error.args)
    return JSONResponse({"detail": detail}, status, headers)


@asynccontextmanager
async def lifespan(
    app: Starlette,
) -> AsyncIterator[dict[str, Any]]:
    async with AsyncUsersManager(
        os.environ["AUTH0_URL"]
    ) as users:
        yield {"users": users}


async def me(request: Request) -> JSONResponse:
    return JSONResponse(request.user.profile)


authentication = Middleware(
    AuthenticationMiddleware,
    backend=BearerTokens(),
    on_error=answer,
)
app = Starlette(
    routes=[
        Mount(
            "/",
            routes=[Route("/me", me)],
            middleware=[authentication],
        )
    ],
    lifespan=lifespan,
)
