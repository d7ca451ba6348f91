"""Exchange, introspection and revocation with idpyoidc, a second implementation of a provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.e2e.idpyoidc_provider import SECRET, SPECIAL_SECRET, IdpyProvider, running

from usersmanager import APIError, UnauthorizedError, UsersManager
from usersmanager.oauth import (
    ClientSecretBasic,
    ClientSecretPost,
    exchange_token,
    introspect_token,
    revoke_token,
)

pytestmark = pytest.mark.e2e

CLIENTS = {
    "basic": ClientSecretBasic("basic", SECRET),
    "post": ClientSecretPost("post", SPECIAL_SECRET),
}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdpyProvider]:
    pytest.importorskip("idpyoidc")
    with running(tmp_path_factory.mktemp("idpyoidc")) as provider:
        yield provider


def perform(provider: IdpyProvider, *operations: Any) -> list[Any]:
    with UsersManager.from_issuer(provider.issuer) as users:
        return [users.call(operation) for operation in operations]


@pytest.mark.parametrize("name", CLIENTS)
def test_each_client_exchanges_introspects_and_revokes(provider: IdpyProvider, name: str) -> None:
    client = CLIENTS[name]
    subject = provider.token("ada", name)
    exchange = exchange_token(
        subject, audience=["orders", "invoices"], scope="openid", client=client
    )

    (issued,) = perform(provider, exchange)
    before, _, after, unknown = perform(
        provider,
        introspect_token(issued.access_token, client=client),
        revoke_token(issued.token, client=client),
        introspect_token(issued.token, client=client),
        introspect_token("unknown", client=client),
    )

    assert issued.token != subject
    assert issued.issued_token_type == "urn:ietf:params:oauth:token-type:access_token"
    assert issued.scope == "openid"
    assert (bool(before), before["client_id"]) == (True, name)
    assert sorted(before["aud"]) == ["invoices", "orders"]
    assert (bool(after), bool(unknown)) == (False, False)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"subject_token": "unknown"}, "invalid_request"),
        ({"audience": "elsewhere"}, "invalid_target"),
        (
            {"actor_token": "t", "actor_token_type": "urn:ietf:params:oauth:token-type:id_token"},
            "invalid_request",
        ),
    ],
)
def test_a_refused_exchange_has_its_error_code(
    provider: IdpyProvider, settings: dict[str, Any], code: str
) -> None:
    arguments = {"subject_token": provider.token("ada", "basic"), **settings}
    with pytest.raises(APIError) as caught:
        perform(provider, exchange_token(**arguments, client=CLIENTS["basic"]))
    assert (caught.value.status, caught.value.error) == (400, code)


def test_a_wrong_secret_is_unauthorized(provider: IdpyProvider) -> None:
    token = provider.token("ada", "basic")
    with pytest.raises(UnauthorizedError):
        perform(provider, introspect_token(token, client=ClientSecretBasic("basic", "wrong")))
