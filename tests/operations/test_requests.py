"""The requests that the operations send."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.support import TENANT

from usersmanager.testing import FakeTransport


def test_get_info_requests_the_userinfo_with_the_token(
    fetch: Callable[..., Any], fake: FakeTransport
) -> None:
    fake.profile("auth0|1")
    fetch("a-token")
    (request,) = fake.requests
    assert (request.operation, request.method, request.url) == (
        "get_info",
        "GET",
        f"{TENANT}/userinfo",
    )
    assert (request.body, request.idempotent, request.attempt) == (None, True, 1)
    assert request.token.reveal() == "a-token"
    assert request.headers["Accept"] == "application/json"


def test_calls_of_the_same_operation_share_neither_token_nor_notes(
    fetch: Callable[..., Any], fake: FakeTransport
) -> None:
    fake.profile("auth0|1").profile("auth0|1")
    fetch("a-token")
    fake.requests[0].call.notes["cache"] = "hit"
    fetch("another-token")
    first, second = fake.requests
    assert (first.token.reveal(), second.token.reveal()) == ("a-token", "another-token")
    assert second.call.notes == {}
    assert not second.call.token_changed
    assert second.call.redact("a-token another-token") == "a-token [redacted]"


def test_impersonate_posts_the_settings_without_the_token(
    impersonate: Callable[..., Any], impersonation: Callable[..., Any], fake: FakeTransport
) -> None:
    fake.link("https://t.example/x")
    settings = impersonation(client_id="c", additional_parameters={"scope": "openid"})
    assert impersonate("auth0|a/b", settings) == "https://t.example/x"
    (request,) = fake.requests
    assert (request.operation, request.method, request.target) == (
        "impersonate",
        "POST",
        "/users/auth0%7Ca%2Fb/impersonate",
    )
    assert json.loads(request.body or b"") == {
        "client_id": "c",
        "impersonator_id": "auth0|boss",
        "protocol": "oauth2",
        "additionalParameters": {"scope": "openid"},
    }
    assert request.token.reveal() == "an-api-token"
    assert request.headers["Accept"].startswith("text/plain,")
    assert not request.idempotent
    assert request.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("changes", "constructor", "client_id"),
    [
        ({}, {}, None),
        ({}, {"client_id": "mine"}, "mine"),
        ({"clientId": "theirs"}, {"client_id": "mine"}, "theirs"),
        ({"client_id": "theirs"}, {"client_id": "mine"}, "theirs"),
    ],
)
def test_the_client_id_of_the_settings_overrides_that_of_the_constructor(
    changes: dict[str, str],
    constructor: dict[str, str],
    client_id: str | None,
    impersonate: Callable[..., Any],
    impersonation: Callable[..., Any],
    fake: FakeTransport,
) -> None:
    fake.link("https://t.example/x")
    impersonate("u", impersonation(**changes), **constructor)
    assert json.loads(fake.requests[0].body or b"").get("client_id") == client_id


def test_both_spellings_of_an_optional_setting_are_accepted(
    impersonate: Callable[..., Any], impersonation: Callable[..., Any], fake: FakeTransport
) -> None:
    fake.link("https://t.example/x").link("https://t.example/x")
    impersonate("u", impersonation(additionalParameters={"a": 1}))
    impersonate("u", impersonation(additional_parameters={"a": 1}))
    assert fake.requests[0].body == fake.requests[1].body
