"""The settings `endpoints` and `userinfo_method` of both managers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest
from tests.manager.issuer import ISSUER, add_configuration, fetch_profile
from tests.support import TENANT

from usersmanager import ArgumentError, AsyncUsersManager, DecodeError, ServerError, UsersManager
from usersmanager.testing import FakeTransport

ENDPOINT = "https://pool.auth.example/oauth2/userInfo?key=hush"
Fetch = Callable[..., Any]


def test_the_endpoint_that_is_set_is_requested_as_written(
    fetch: Fetch, impersonate: Fetch, fake: FakeTransport
) -> None:
    endpoints = MappingProxyType({"userinfo_endpoint": ENDPOINT})
    fake.profile("u").link("https://t.example/x")
    assert fetch(endpoints=endpoints).sub == "u"
    impersonate(endpoints=endpoints)
    assert [request.url for request in fake.requests] == [
        ENDPOINT,
        f"{TENANT}/users/auth0%7Cada/impersonate",
    ]


def test_an_error_names_the_origin_of_the_endpoint(fetch: Fetch, fake: FakeTransport) -> None:
    with pytest.raises(ServerError, match=r"^get_info at https://pool\.auth\.example failed"):
        fetch(endpoints={"userinfo_endpoint": ENDPOINT}, transport=fake.status(500))


@pytest.mark.parametrize("found", ["https://api.example/v1/me", "/relative", None])
def test_it_wins_over_the_configuration_of_the_issuer(
    mode: Any, fake: FakeTransport, found: str | None
) -> None:
    add_configuration(fake, userinfo_endpoint=found).profile("u")
    endpoints = {"userinfo_endpoint": ENDPOINT}
    assert fetch_profile(mode, ISSUER, transport=fake, endpoints=endpoints).sub == "u"
    assert [request.operation for request in fake.requests] == ["discover", "get_info"]
    assert fake.requests[1].url == ENDPOINT


def test_the_configuration_must_still_be_that_of_the_issuer(mode: Any, fake: FakeTransport) -> None:
    add_configuration(fake, issuer="https://elsewhere.example")
    endpoints = {"userinfo_endpoint": ENDPOINT}
    with pytest.raises(DecodeError, match="issuer mismatch"):
        fetch_profile(mode, ISSUER, transport=fake, endpoints=endpoints)
    assert len(fake.requests) == 1


def test_the_mapping_is_copied(fake: FakeTransport) -> None:
    mine = {"userinfo_endpoint": ENDPOINT}
    with UsersManager(TENANT, endpoints=mine, transport=fake.profile("u")) as users:
        mine["userinfo_endpoint"] = TENANT
        users.get_info("t")
    assert fake.requests[0].url == ENDPOINT


@pytest.mark.parametrize("nothing", [None, {}])
def test_without_an_endpoint_that_of_the_base_url_is_requested(
    fetch: Fetch, fake: FakeTransport, nothing: Any
) -> None:
    fetch(endpoints=nothing, transport=fake.profile("u"))
    assert fake.requests[0].url == f"{TENANT}/userinfo"


@pytest.mark.parametrize(
    ("settings", "keyword"),
    [
        ({"endpoints": "https://hush"}, "endpoints must be a mapping"),
        ({"endpoints": [("userinfo_endpoint", "https://hush")]}, "must be a mapping"),
        ({"endpoints": {"userinfo": "https://hush"}}, "did you mean 'userinfo_endpoint'?"),
        ({"endpoints": {"hush": "https://hush"}}, "token_endpoint, userinfo_endpoint)"),
        ({"endpoints": {"hush": "https://hush"}}, "lower case and ends in _endpoint or _uri ("),
        ({"endpoints": {7: "https://hush"}}, "lower case and ends in _endpoint or _uri ("),
        ({"endpoints": {"userinfo_endpoint": None}}, "userinfo_endpoint must be a string"),
        ({"endpoints": {"userinfo_endpoint": "/hush"}}, "must be an absolute URL"),
        ({"endpoints": {"userinfo_endpoint": "https://hush@h"}}, "must not contain a user name"),
        ({"endpoints": {"userinfo_endpoint": "http://localhost"}}, "is http, not https"),
        ({"userinfo_method": "hush"}, 'must be "GET" or "POST"'),
        ({"userinfo_method": "post"}, 'must be "GET" or "POST"'),
        ({"userinfo_method": None}, 'must be "GET" or "POST"'),
        ({"userinfo_method": b"GET"}, 'must be "GET" or "POST"'),
    ],
)
def test_an_invalid_setting_is_rejected_at_construction_and_not_quoted(
    mode: Any, fake: FakeTransport, settings: dict[str, Any], keyword: str
) -> None:
    def construct() -> None:
        mode.make(TENANT, transport=fake, **settings)

    def from_issuer() -> None:
        fetch_profile(mode, ISSUER, transport=fake, **settings)

    for make in (construct, from_issuer):
        with pytest.raises(ArgumentError) as caught:
            make()
        assert keyword in str(caught.value)
        assert "hush" not in str(caught.value)
    assert fake.requests == []


def test_an_http_endpoint_may_be_set_for_loopback_or_with_allow_insecure(
    mode: Any, fake: FakeTransport
) -> None:
    endpoints = {"userinfo_endpoint": "http://id.localhost:8080/me"}
    fake.profile("one").profile("two")
    settings = {"transport": fake, "endpoints": endpoints, "discover": False}
    mode.call("get_info", "t", base_url="http://127.0.0.1", **settings)
    mode.call("get_info", "t", base_url=TENANT, allow_insecure=True, **settings)
    assert [request.url for request in fake.requests] == [endpoints["userinfo_endpoint"]] * 2


def test_the_endpoint_may_be_requested_by_post(fetch: Fetch, fake: FakeTransport) -> None:
    assert fetch(userinfo_method="POST", transport=fake.profile("u")).sub == "u"
    (request,) = fake.requests
    assert (request.method, request.body, request.operation) == ("POST", b"", "get_info")
    headers = request.headers_to_send()
    assert headers["Authorization"] == "Bearer a-token"
    assert headers["Content-Length"] == "0"
    assert "Content-Type" not in headers
    assert headers["Accept"] == "application/json"
    assert request.idempotent


def test_a_failed_post_is_retried(mode: Any, fake: FakeTransport) -> None:
    fake.status(503).profile("u")
    settings = {"transport": fake, "discover": ["retry"], "userinfo_method": "POST"}
    assert mode.call("get_info", "t", base_url=TENANT, **settings).sub == "u"
    assert [request.method for request in fake.requests] == ["POST", "POST"]


def test_the_configuration_is_requested_by_get(mode: Any, fake: FakeTransport) -> None:
    add_configuration(fake).profile("u")
    fetch_profile(mode, ISSUER, transport=fake, userinfo_method="POST")
    assert [request.method for request in fake.requests] == ["GET", "POST"]
    assert fake.requests[0].body is None


@pytest.mark.parametrize("kind", [UsersManager, AsyncUsersManager])
def test_the_repr_contains_both_settings_but_no_query(kind: Any) -> None:
    endpoints = {"userinfo_endpoint": ENDPOINT}
    users = kind(TENANT, transport=FakeTransport(), endpoints=endpoints, userinfo_method="POST")
    assert (
        f"{TENANT} userinfo_endpoint=https://pool.auth.example/oauth2/userInfo"
        " userinfo_method=POST transport=FakeTransport"
    ) in repr(users)
    assert "hush" not in repr(users)
    if kind is UsersManager:
        users.close()
    else:
        asyncio.run(users.aclose())
