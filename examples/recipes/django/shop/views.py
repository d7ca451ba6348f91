import atexit
import os

from django.http import HttpRequest, JsonResponse

from usersmanager import UsersManager
from usersmanager.web import bearer_token

users = UsersManager(os.environ["AUTH0_URL"])
atexit.register(users.close)


def me(request: HttpRequest) -> JsonResponse:
    return JsonResponse(
        users.get_info(
            bearer_token(
                request.headers.get("Authorization")
            )
        )
    )
