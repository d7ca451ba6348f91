from collections.abc import Callable
from typing import Any

from asgiref.sync import (
    iscoroutinefunction,
    markcoroutinefunction,
)
from django.http import HttpRequest, JsonResponse

from usersmanager import UsersManagerError
from usersmanager.web import error_response


class AnswerErrors:
    sync_capable = async_capable = True

    def __init__(
        self, get_response: Callable[[HttpRequest], Any]
    ) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, error: Exception
    ) -> JsonResponse | None:
        if not isinstance(error, UsersManagerError):
            return None
        status, detail, headers = error_response(error)
        return JsonResponse(
            {"detail": detail},
            status=status,
            headers=headers,
        )
