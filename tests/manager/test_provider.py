"""The metadata of the provider, and the endpoints in it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.manager.issuer import ISSUER, add_configuration
from tests.support import TENANT

from usersmanager import ArgumentError, AsyncUsersManager, UsersManager
from usersmanager.operations import Operation, Request, read_json
from usersmanager.plugins import hookimpl
from usersmanager.testing import FakeTransport

INTROSPECTION = "https://api.example/introspect?key=1"


def introspect(**changes: Any) -> Operation[dict[str, Any]]:
    settings: dict[str, Any] = {"endpoint": "introspection_endpoint", "read": read_json, **changes}
    return Operation("introspect", "POST", **settings)


def call(mode: Any, fake: FakeTransport, operation: Any, **settings: Any) -> Any:
    """Perform an operation with a manager for an issuer."""
    fake.profile("u")
    settings = {"transport": fake, "discover": False, **settings}
    if mode.name == "sync":
        with UsersManager.from_issuer(ISSUER, **settings) as users:
            return users.call(operation)

    async def main() -> Any:
        async with AsyncUsersManager.from_issuer(ISSUER, **settings) as users:
            return await users.call(operation)

    return asyncio.run(main())


def test_an_endpoint_in_the_metadata_is_requested_as_written(
    mode: Any, fake: FakeTransport
) -> None:
    add_configuration(fake, introspection_endpoint=INTROSPECTION)
    call(mode, fake, introspect(path="/oauth/introspect"))
    assert fake.requests[1].url == INTROSPECTION


def test_an_endpoint_that_is_set_wins_over_the_metadata(mode: Any, fake: FakeTransport) -> None:
    add_configuration(fake, introspection_endpoint="https://elsewhere.example/")
    call(mode, fake, introspect(), endpoints={"introspection_endpoint": INTROSPECTION})
    assert fake.requests[1].url == INTROSPECTION


@pytest.mark.parametrize("endpoints", [None, {"introspection_endpoint": INTROSPECTION}])
def test_without_metadata_the_path_is_requested_unless_the_endpoint_is_set(
    mode: Any, fake: FakeTransport, endpoints: Any
) -> None:
    operation = introspect(path="/oauth/introspect")
    settings = {"transport": fake.profile("u"), "endpoints": endpoints}
    mode.call("call", operation, base_url=TENANT, **settings)
    assert fake.requests[0].url == (INTROSPECTION if endpoints else f"{TENANT}/oauth/introspect")


def test_without_metadata_and_path_the_error_says_where_an_endpoint_comes_from(
    mode: Any, fake: FakeTransport
) -> None:
    with pytest.raises(ArgumentError, match=r"introspection_endpoint is unknown.*from_issuer") as e:
        mode.call("call", introspect(), base_url=TENANT, transport=fake)
    assert (e.value.operation, e.value.origin) == ("introspect", TENANT)
    assert fake.requests == []


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (None, "has no introspection_endpoint, only token_endpoint, userinfo_endpoint: pass its"),
        ("http://api.example/i", r"introspection_endpoint .* is http, not https.*allow_insecure"),
        ("http://localhost/i", r"introspection_endpoint .* is http, not https"),
        ("/i", "introspection_endpoint in the provider configuration must be an absolute URL"),
        (["x"], "introspection_endpoint in the provider configuration must be a string"),
    ],
)
def test_an_unusable_endpoint_is_an_error_when_it_is_used(
    mode: Any, fake: FakeTransport, value: Any, problem: str
) -> None:
    more = {"token_endpoint": "https://api.example/t", "Hush_endpoint": "x", "issuer": ISSUER}
    add_configuration(fake, introspection_endpoint=value, **more)
    with pytest.raises(ArgumentError, match=problem) as caught:
        call(mode, fake, introspect(path="/oauth/introspect"))
    assert (caught.value.operation, caught.value.origin) == ("introspect", ISSUER)
    assert "hush" not in str(caught.value).lower()
    assert len(fake.requests) == 1


def test_an_http_endpoint_can_be_allowed(mode: Any, fake: FakeTransport) -> None:
    add_configuration(fake, introspection_endpoint="http://api.example/i")
    call(mode, fake, introspect(), allow_insecure=True)
    assert fake.requests[1].url == "http://api.example/i"


def test_the_metadata_is_deeply_immutable(fake: FakeTransport) -> None:
    add_configuration(fake, scopes_supported=["openid", {"a": ["b"]}])
    with UsersManager.from_issuer(ISSUER, transport=fake) as users:
        provider: Any = users.provider
        assert provider["issuer"] == ISSUER
        assert provider["scopes_supported"] == ("openid", {"a": ("b",)})
        for change in (
            lambda: provider.update(issuer="x"),
            lambda: provider.__setitem__("issuer", "x"),
            lambda: provider["scopes_supported"].append("x"),
            lambda: provider["scopes_supported"][1].__setitem__("a", "x"),
        ):
            with pytest.raises((AttributeError, TypeError)):
                change()
        with pytest.raises(AttributeError):
            users.provider = {}  # type: ignore[misc]


def test_a_plugin_sees_the_metadata_and_a_manager_without_an_issuer_has_none(
    mode: Any, fake: FakeTransport
) -> None:
    class Seeing:
        seen: list[Any]

        @hookimpl
        def usersmanager_request(self, request: Request) -> None:
            self.seen.append(request.provider and request.provider["issuer"])

    plugin = Seeing()
    plugin.seen = []
    add_configuration(fake, introspection_endpoint=INTROSPECTION)
    call(mode, fake, introspect(), plugins=[plugin])
    mode.call("get_info", "t", base_url=TENANT, transport=fake.profile("u"), plugins=[plugin])
    assert plugin.seen == [None, ISSUER, None]  # The metadata is unknown while it is fetched.


def test_a_manager_without_an_issuer_has_no_metadata(fake: FakeTransport) -> None:
    with UsersManager(TENANT, transport=fake) as users:
        assert users.provider is None


@pytest.mark.parametrize("name", ["userinfo", "Token_endpoint", "token_endpoint\n", 7, ""])
def test_a_name_that_is_not_that_of_an_endpoint_is_refused(fake: FakeTransport, name: Any) -> None:
    with pytest.raises(ArgumentError, match="lower case and ends in _endpoint or _uri"):
        UsersManager(TENANT, transport=fake, endpoints={name: "https://a.example/"})
    with pytest.raises(ArgumentError, match="endpoint must be a name such as"):
        Operation("op", "GET", endpoint=name, read=read_json)
