"""What a call tells plugins about its server."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tests.support import make_request

from usersmanager import Request, UsersManager
from usersmanager.plugins import hookimpl
from usersmanager.testing import FakeTransport

ISSUER = "https://issuer.example"
KEYS = f"{ISSUER}/keys"
OWN = "https://own.example/keys?tenant=7"


def endpoint_in_a_call(jwks_uri: object, **settings: Any) -> str | None:
    """Return the endpoint "jwks_uri" in a call of a manager with metadata."""
    calls: list[Request] = []
    observer = SimpleNamespace()
    observer.usersmanager_request = hookimpl(lambda request: calls.append(request))
    fake = FakeTransport().profile("u")
    with UsersManager(
        ISSUER, transport=fake, discover=False, plugins=[observer], **settings
    ) as users:
        users._use_configuration(
            {"issuer": ISSUER, "jwks_uri": jwks_uri, "userinfo_endpoint": f"{ISSUER}/u"}, ISSUER
        )
        users.get_info("t")
    first, second = (calls[0].call.endpoint("jwks_uri") for _ in range(2))
    assert first == second
    return first


@pytest.mark.parametrize(
    ("jwks_uri", "settings", "url"),
    [
        (KEYS, {}, KEYS),
        ("https://cdn.example/keys?a=b", {}, "https://cdn.example/keys?a=b"),
        (KEYS, {"endpoints": {"jwks_uri": OWN}}, OWN),
        (None, {"endpoints": {"jwks_uri": OWN}}, OWN),
        ("http://issuer.example/keys", {}, None),
        ("http://issuer.example/keys", {"allow_insecure": True}, "http://issuer.example/keys"),
        (None, {}, None),
        ("", {}, None),
        (["unhashable"], {}, None),
    ],
)
def test_the_endpoint_is_the_one_that_the_manager_would_use(
    jwks_uri: object, settings: dict[str, Any], url: str | None
) -> None:
    assert endpoint_in_a_call(jwks_uri, **settings) == url


def test_without_metadata_or_a_manager_no_endpoint_is_known() -> None:
    fake = FakeTransport().profile("u")
    with UsersManager(ISSUER, transport=fake, discover=False) as users:
        users.get_info("t")
    assert fake.requests[0].call.endpoint("jwks_uri") is None
    assert make_request().call.endpoint("jwks_uri") is None
