"""introspect_token: an inactive token is false, and nothing else is known about it (RFC 7662)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oauth.support import CLIENT, answer, form, perform
from tests.support import TENANT

from usersmanager import APIError, ArgumentError, DecodeError, UsersManager
from usersmanager.oauth import Introspection, introspect_token
from usersmanager.testing import FakeTransport

ACTIVE = {"active": True, "sub": "auth0|ada", "exp": 1711141849, "scope": "openid"}


def introspection(members: object) -> Introspection:
    result, _ = perform(introspect_token("t", client=CLIENT), answer(members))
    assert isinstance(result, Introspection)
    return result


def test_it_sends_the_token_and_the_hint_and_may_be_repeated() -> None:
    operation = introspect_token("user-token", "access_token", client=CLIENT)
    _, request = perform(operation, answer(ACTIVE))
    assert form(request)[:2] == [("token", "user-token"), ("token_type_hint", "access_token")]
    assert (request.method, request.url) == ("POST", f"{TENANT}/introspect")
    assert request.idempotent is True


def test_an_active_token_is_true_and_has_its_members() -> None:
    info = introspection({**ACTIVE, "act": {"sub": "agent"}})
    assert info
    assert (info.active, info.sub, info.exp) == (True, "auth0|ada", 1711141849)
    assert info["scope"] == "openid"
    assert set(info) == {*ACTIVE, "act"}
    assert info.actor is not None
    assert info.actor.sub == "agent"


def test_an_inactive_token_is_false_and_its_other_members_are_dropped() -> None:
    info = introspection({**ACTIVE, "active": False, "act": {"sub": "agent"}})
    assert not info
    assert bool(info) is info.active is False
    assert dict(info) == {"active": False}
    assert info.sub is info.exp is info.actor is None


@pytest.mark.parametrize("active", [1, 0, "true", "false", None, [], {}])
def test_active_must_be_a_boolean(active: object) -> None:
    with pytest.raises(DecodeError, match="no boolean member active"):
        introspection({**ACTIVE, "active": active})


def test_active_must_be_there() -> None:
    with pytest.raises(DecodeError, match="no boolean member active"):
        introspection({"sub": "auth0|ada"})


@pytest.mark.parametrize("value", [True, "soon", None, []])
def test_members_of_another_type_are_none(value: object) -> None:
    info = introspection({"active": True, "exp": value, "sub": 7, "act": "agent"})
    assert info.exp is info.sub is info.actor is None


def test_its_repr_shows_the_subject_and_no_other_value() -> None:
    info = introspection({**ACTIVE, "email": "ada@example.com"})
    expected = "<Introspection active=True sub='auth0|ada' members=['email', 'exp', 'scope']>"
    assert repr(info) == expected


def test_it_needs_an_endpoint_since_no_path_is_common() -> None:
    with pytest.raises(ArgumentError, match=r"introspection_endpoint is unknown.*from_issuer"):
        perform(introspect_token("t", client=CLIENT), answer(ACTIVE), endpoints=None)


def test_an_endpoint_that_the_provider_lacks_is_named_with_those_it_has() -> None:
    metadata = {"issuer": TENANT, "userinfo_endpoint": f"{TENANT}/me", "jwks_uri": f"{TENANT}/j"}
    fake = FakeTransport(answer(metadata))
    with (
        UsersManager.from_issuer(TENANT, transport=fake, discover=False) as users,
        pytest.raises(ArgumentError, match="no introspection_endpoint, only jwks_uri, userinfo_"),
    ):
        users.call(introspect_token("t", client=CLIENT))


def test_a_request_that_the_server_refuses_has_its_error_code() -> None:
    with pytest.raises(APIError) as caught:
        perform(introspect_token("t", client=CLIENT), answer({"error": "invalid_request"}, 400))
    assert (caught.value.status, caught.value.error) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "token must be a non-empty str"),
        (("t", " "), "token_type_hint must be None or a non-empty str"),
        (("t", 7), "token_type_hint must be None or a non-empty str"),
    ],
)
def test_an_argument_is_refused_when_the_operation_is_made(
    args: tuple[Any, ...], message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        introspect_token(*args or ("",), client=CLIENT)
