"""revoke_token: the status says everything (RFC 7009)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oauth.support import CLIENT, answer, form, perform
from tests.support import TENANT

from usersmanager import APIError, ArgumentError, Response, ServerError, UnauthorizedError
from usersmanager.oauth import PublicClient, exchange_token, introspect_token, revoke_token
from usersmanager.web import error_response


def test_it_sends_the_token_and_the_hint_and_may_be_repeated() -> None:
    operation = revoke_token("refresh", "refresh_token", client=PublicClient("spa"))
    result, request = perform(operation, Response(200))
    assert result is None
    assert (request.method, request.url) == ("POST", f"{TENANT}/oauth/revoke")
    assert form(request) == [
        ("token", "refresh"),
        ("token_type_hint", "refresh_token"),
        ("client_id", "spa"),
    ]
    assert request.idempotent is True


@pytest.mark.parametrize("body", [b"", b"{", b"OK", b'{"error": "unknown"}'])
def test_whatever_a_successful_response_contains_the_token_is_revoked(body: bytes) -> None:
    assert perform(revoke_token("t", client=CLIENT), Response(200, {}, body))[0] is None


def test_a_type_of_token_that_the_server_does_not_revoke_is_an_error() -> None:
    body = {"error": "unsupported_token_type"}
    with pytest.raises(APIError) as caught:
        perform(revoke_token("t", client=CLIENT), answer(body, 400))
    assert (caught.value.status, caught.value.error) == (400, "unsupported_token_type")


def test_a_server_that_is_busy_says_when_to_try_again() -> None:
    with pytest.raises(ServerError) as caught:
        perform(revoke_token("t", client=CLIENT), Response(503, {"Retry-After": "7"}))
    assert caught.value.retry_after == 7


@pytest.mark.parametrize("make", [revoke_token, exchange_token, introspect_token])
def test_a_401_is_about_our_client_and_never_becomes_that_of_the_end_user(make: Any) -> None:
    with pytest.raises(UnauthorizedError) as caught:
        perform(make("t", client=CLIENT), answer({"error": "invalid_client"}, 401))
    response = error_response(caught.value)
    assert (response.status, response.headers) == (502, {})


def test_a_client_is_required() -> None:
    with pytest.raises(ArgumentError, match="client must be a credential"):
        revoke_token("t", client=None)  # type: ignore[arg-type]
