"""The FastAPI example of the documentation answers like an API that is protected by tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from usersmanager.testing import Sandbox

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[2] / "docs" / "asyncio.md").read_text()


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Any]:
    pytest.importorskip("fastapi")
    testclient = pytest.importorskip("fastapi.testclient")
    (source,) = re.findall(r"^## FastAPI\n.*?^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {"__name__": "example"}
    exec(source.replace("https://tenant.auth0.com", sandbox.base_url), names)
    with testclient.TestClient(names["app"]) as client:
        yield client


def get(client: Any, token: str) -> Any:
    return client.get("/me", headers={"Authorization": f"Bearer {token}"})


def test_the_user_of_a_token_is_returned(client: Any, sandbox: Sandbox) -> None:
    token = sandbox.add_user("auth0|123", name="Ada").issue_token("auth0|123")
    response = get(client, token)
    assert (response.status_code, response.json()) == (200, {"sub": "auth0|123", "name": "Ada"})


@pytest.mark.parametrize("token", ["unknown", "not a token"])
def test_a_token_that_is_not_valid_is_answered_with_401(client: Any, token: str) -> None:
    response = get(client, token)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_an_outage_is_answered_with_503(client: Any, sandbox: Sandbox) -> None:
    sandbox.fail_next(501)
    response = get(client, "a-token")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
