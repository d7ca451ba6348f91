from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from usersmanager import MissingTokenError, UserInfo
from usersmanager.web import bearer_token, error_response

from .views import users


class User(UserInfo):
    is_authenticated = True

    @property
    def pk(self) -> str | None:
        return self.sub


class BearerAuthentication(BaseAuthentication):
    def authenticate(
        self, request: Request
    ) -> tuple[User, None] | None:
        try:
            profile = users.get_info(
                bearer_token(
                    request.headers.get("Authorization")
                )
            )
        except MissingTokenError:
            return None
        return User(profile), None

    def authenticate_header(self, request: Request) -> str:
        return error_response(MissingTokenError()).headers[
            "WWW-Authenticate"
        ]
