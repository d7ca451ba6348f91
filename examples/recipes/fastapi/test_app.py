from app import app, current_user
from fastapi.testclient import TestClient

from usersmanager import UserInfo


def test_me() -> None:
    app.dependency_overrides[current_user] = lambda: (
        UserInfo(sub="auth0|1", name="Ada")
    )
    assert TestClient(app).get("/me").json() == {
        "sub": "auth0|1",
        "name": "Ada",
    }
