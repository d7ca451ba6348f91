import json
import os
from typing import Any

from usersmanager import UsersManager, UsersManagerError
from usersmanager.web import bearer_token, error_response

# Made once per execution environment, and kept while
# it is frozen between invocations.
users = UsersManager(os.environ["AUTH0_URL"], timeout=5)


def handler(
    event: dict[str, Any], context: object
) -> dict[str, Any]:
    headers = {
        name.lower(): value
        for name, value in (
            event.get("headers") or {}
        ).items()
    }
    try:
        profile = users.get_info(
            bearer_token(headers.get("authorization"))
        )
    except UsersManagerError as error:
        status, detail, fields = error_response(error)
        return answer(status, {"detail": detail}, fields)
    return answer(200, profile, {})


def answer(
    status: int,
    body: dict[str, Any],
    headers: dict[str, str],
) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {
            "Content-Type": "application/json",
            **headers,
        },
        "body": json.dumps(body),
    }
