import os

from django.http import HttpRequest, JsonResponse

from usersmanager import AsyncUsersManager
from usersmanager.web import bearer_token

users = AsyncUsersManager(os.environ["AUTH0_URL"])


async def me(request: HttpRequest) -> JsonResponse:
    profile = await users.get_info(
        bearer_token(request.headers.get("Authorization"))
    )
    return JsonResponse(profile)
