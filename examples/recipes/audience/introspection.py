import os

from usersmanager import InvalidTokenError
from usersmanager.oauth import (
    ClientSecretBasic,
    Introspection,
    introspect_token,
)
from usersmanager.operations import Operation

AUDIENCE = os.environ["API_AUDIENCE"]

client = ClientSecretBasic(
    os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]
)


def introspection(token: str) -> Operation[Introspection]:
    return introspect_token(token, client=client)


def check_audience(info: Introspection) -> None:
    audience = info.get("aud")
    if not isinstance(audience, list):
        audience = [audience]
    if not info or AUDIENCE not in audience:
        raise InvalidTokenError(
            "not a valid token for this API"
        )
