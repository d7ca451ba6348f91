import atexit
import os

from flask import Flask, request
from flask.typing import ResponseReturnValue

from usersmanager import (
    UserInfo,
    UsersManager,
    UsersManagerError,
)
from usersmanager.web import bearer_token, error_response

app = Flask(__name__)
users = UsersManager(os.environ["AUTH0_URL"])
atexit.register(users.close)


def current_user() -> UserInfo:
    return users.get_info(
        bearer_token(request.headers.get("Authorization"))
    )


@app.errorhandler(UsersManagerError)
def answer(error: UsersManagerError) -> ResponseReturnValue:
    status, detail, headers = error_response(error)
    return {"detail": detail}, status, headers


@app.get("/me")
def me() -> ResponseReturnValue:
    return current_user()
