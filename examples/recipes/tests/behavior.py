"""What every API of the recipes answers, as test cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest

from usersmanager.testing import Sandbox

CHALLENGE = 'Bearer realm="api"'


class Answer(NamedTuple):
    """The response of an API. The names of the headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    json: Any


Get = Callable[[str | None], Answer]


def answer(status: int, headers: Mapping[str, str], json: Any) -> Answer:
    return Answer(status, {name.lower(): value for name, value in headers.items()}, json)


class Behavior:
    """The test cases. A subclass defines the fixture `get`, a request with an Authorization."""

    def test_the_profile_of_the_user_is_returned(self, get: Get, token: str) -> None:
        for scheme in ("Bearer", "bearer"):
            response = get(f"{scheme} {token}")
            assert (response.status, response.json) == (200, {"sub": "auth0|ada", "name": "Ada"})
            assert response.headers["content-type"].startswith("application/json")

    @pytest.mark.parametrize("authorization", [None, "Basic YTpi"])
    def test_a_missing_token_is_a_401_without_an_error_code(
        self, get: Get, authorization: str | None
    ) -> None:
        response = get(authorization)
        assert (response.status, response.headers["www-authenticate"]) == (401, CHALLENGE)

    @pytest.mark.parametrize("token", ["", "unknown", "not a token"])
    def test_an_invalid_token_is_a_401(self, get: Get, token: str) -> None:
        self.assert_invalid(get(f"Bearer {token}"))

    def test_a_revoked_token_is_a_401(self, get: Get, token: str, sandbox: Sandbox) -> None:
        sandbox.revoke(token)
        self.assert_invalid(get(f"Bearer {token}"))

    def assert_invalid(self, response: Answer) -> None:
        assert response.status == 401
        assert response.headers["www-authenticate"] == f'{CHALLENGE}, error="invalid_token"'
        assert response.headers["content-type"].startswith("application/json")
        assert "detail" in response.json

    def test_a_token_without_the_scope_is_a_403(self, get: Get, sandbox: Sandbox) -> None:
        response = get(f"Bearer {sandbox.issue_token('auth0|ada', scope='email')}")
        assert response.status == 403
        assert response.headers["www-authenticate"] == f'{CHALLENGE}, error="insufficient_scope"'

    @pytest.mark.parametrize(("seconds", "header"), [(30, "30"), (None, "5")])
    def test_an_outage_is_a_503_that_logs_nobody_out(
        self, get: Get, token: str, sandbox: Sandbox, seconds: int | None, header: str
    ) -> None:
        # Neither is retried: the first asks for too long a wait, the second is a 501.
        sandbox.fail_next(503 if seconds else 501, retry_after=seconds)
        response = get(f"Bearer {token}")
        assert (response.status, response.headers["retry-after"]) == (503, header)
        assert "www-authenticate" not in response.headers
        assert get(f"Bearer {token}").status == 200

    def test_any_other_response_of_the_provider_is_a_502(
        self, get: Get, token: str, sandbox: Sandbox
    ) -> None:
        sandbox.fail_next(404)
        assert get(f"Bearer {token}").status == 502
