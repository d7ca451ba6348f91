"""UserInfo as a field of a pydantic model, and as the type of FastAPI endpoints."""

from __future__ import annotations

import subprocess
import sys
from types import MappingProxyType
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from usersmanager import UserInfo

PROFILE = {"sub": "auth0|Ada", "email": "a@example.com", "https://example.com/roles": ["x", None]}


class Session(BaseModel):
    user: UserInfo
    impersonator: UserInfo | None = None


def test_a_mapping_with_a_subject_becomes_a_profile() -> None:
    for given in (PROFILE, UserInfo(PROFILE), MappingProxyType(PROFILE)):
        session = Session(user=given)  # type: ignore[arg-type] # Validated by pydantic.
        assert type(session.user) is UserInfo
        assert session.user == PROFILE
        assert session.user.email == "a@example.com"


def test_json_becomes_a_profile() -> None:
    session = Session.model_validate_json('{"user": {"sub": "u"}, "impersonator": {"sub": "i"}}')
    assert session.impersonator is not None
    assert (session.user.sub, session.impersonator.sub) == ("u", "i")


@pytest.mark.parametrize(
    "given",
    [
        *({}, {"sub": ""}, {"sub": " "}, {"sub": 7}, {"sub": b"u"}, {"sub": None}),
        *(None, "u", [("sub", "u")]),
    ],
)
def test_anything_without_a_subject_is_rejected(given: Any) -> None:
    with pytest.raises(ValidationError):
        Session(user=given)


def test_a_profile_is_serialized_as_a_plain_dict() -> None:
    dumped = Session(user=UserInfo(PROFILE)).model_dump()
    assert dumped == {"user": PROFILE, "impersonator": None}
    assert type(dumped["user"]) is dict
    adapter = TypeAdapter(UserInfo)
    assert adapter.validate_json(adapter.dump_json(UserInfo(PROFILE))) == PROFILE


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_the_json_schema_is_an_object_with_a_required_subject(mode: Any) -> None:
    schema = TypeAdapter(UserInfo).json_schema(mode=mode)
    assert (schema["type"], schema["required"]) == ("object", ["sub"])
    assert schema["properties"]["sub"]["type"] == "string"
    assert schema["additionalProperties"] is True
    assert "description" not in schema  # Users' API documentation is not ours.


def test_the_settings_of_the_model_do_not_change_a_profile() -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(
            str_to_lower=True, str_strip_whitespace=True, extra="forbid", strict=True
        )
        user: UserInfo

    assert Strict(user=UserInfo(sub=" U ", name=" N ")).user == {"sub": " U ", "name": " N "}


def test_a_subclass_is_kept() -> None:
    class Own(UserInfo):
        pass

    assert type(TypeAdapter(Own).validate_python(PROFILE)) is Own


def test_pydantic_is_not_imported() -> None:
    code = "import sys, usersmanager as u; u.UserInfo(sub='u'); print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.slow
def test_fastapi_returns_and_accepts_a_profile() -> None:
    fastapi = pytest.importorskip("fastapi")
    testclient = pytest.importorskip("fastapi.testclient")
    app = fastapi.FastAPI()

    @app.get("/me")
    def me() -> UserInfo:
        return UserInfo(PROFILE)

    @app.post("/names")
    def name(user: UserInfo) -> str:
        return f"{type(user).__name__} {user.sub}"

    client = testclient.TestClient(app)
    assert client.get("/me").json() == PROFILE
    assert client.post("/names", json={"sub": "u"}).json() == "UserInfo u"
    assert client.post("/names", json={"name": "u"}).status_code == 422
    content = client.get("/openapi.json").json()["paths"]["/me"]["get"]["responses"]["200"]
    assert content["content"]["application/json"]["schema"]["required"] == ["sub"]
