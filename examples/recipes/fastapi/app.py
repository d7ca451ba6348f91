import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.security import HTTPBearer

from usersmanager import (
    AsyncUsersManager,
    UserInfo,
    UsersManagerError,
)
from usersmanager.web import bearer_token, error_response


@asynccontextmanager
async def lifespan(
    app: FastAPI,
) -> AsyncIterator[dict[str, Any]]:
    async with AsyncUsersManager(
        os.environ["AUTH0_URL"]
    ) as users:
        yield {"users": users}


# HTTPBearer only describes the scheme in OpenAPI.
app = FastAPI(
    lifespan=lifespan,
    dependencies=[Depends(HTTPBearer(auto_error=False))],
)


async def current_user(request: Request) -> UserInfo:
    users: AsyncUsersManager = request.state.users
    try:
        return await users.get_info(
            bearer_token(
                request.headers.get("Authorization")
            )
        )
    except UsersManagerError as error:
        raise HTTPException(
            *error_response(error)
        ) from None


@app.get("/me")
async def me(
    user: Annotated[UserInfo, Depends(current_user)],
) -> UserInfo:
    return user
