import os
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.typedefs import Handler

from usersmanager import (
    AsyncUsersManager,
    UsersManagerError,
)
from usersmanager.web import bearer_token, error_response

USERS = web.AppKey("users", AsyncUsersManager)


async def manager(
    app: web.Application,
) -> AsyncIterator[None]:
    async with AsyncUsersManager(
        os.environ["AUTH0_URL"]
    ) as app[USERS]:
        yield


@web.middleware
async def answer_errors(
    request: web.Request, handler: Handler
) -> web.StreamResponse:
    try:
        return await handler(request)
    except UsersManagerError as error:
        status, detail, headers = error_response(error)
        return web.json_response(
            {"detail": detail},
            status=status,
            headers=headers,
        )


async def me(request: web.Request) -> web.Response:
    users = request.app[USERS]
    profile = await users.get_info(
        bearer_token(request.headers.get("Authorization"))
    )
    return web.json_response(profile)


def make_app(arguments: object = None) -> web.Application:
    app = web.Application(middlewares=[answer_errors])
    app.cleanup_ctx.append(manager)
    app.router.add_get("/me", me)
    return app
