"""A third party's operation."""

from usersmanager.operations import Bearer, Operation, Response, read_json


def _roles(response: Response) -> list[str]:
    return [str(role) for role in read_json(response)["roles"]]


def list_roles(user_id: str, *, token: str) -> Operation[list[str]]:
    return Operation(name="list_roles", method="GET", path="/users/{user_id}/roles", read=_roles,
                     arguments={"user_id": user_id}, credential=Bearer(token))  # fmt: skip
