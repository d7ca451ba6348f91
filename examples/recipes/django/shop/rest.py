from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler

from usersmanager import UsersManagerError
from usersmanager.web import error_response


def answer(
    error: Exception, context: dict[str, object]
) -> Response | None:
    if not isinstance(error, UsersManagerError):
        return exception_handler(error, context)
    status, detail, headers = error_response(error)
    return Response(
        {"detail": detail}, status, headers=headers
    )


class Me(APIView):
    def get(self, request: Request) -> Response:
        return Response(request.user)
