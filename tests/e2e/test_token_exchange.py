"""Exchange, introspection and revocation with oidc-provider, a certified OpenID provider."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from joserfc.jwk import generate_key

from usersmanager import APIError, UnauthorizedError, UsersManager
from usersmanager.oauth import (
    ClientSecretBasic,
    ClientSecretPost,
    PrivateKeyJwt,
    PublicClient,
    exchange_token,
    introspect_token,
    revoke_token,
)

if TYPE_CHECKING:
    from tests.e2e.conftest import CallIssuer, Provider, RunProvider

pytestmark = pytest.mark.e2e

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
SECRET = "a secret: 100% + ~*/&=?"
KEY = generate_key("EC", "P-256", {"kid": "key-1", "use": "sig"})
CLIENTS = {
    "basic": ClientSecretBasic("basic:%", SECRET),
    "post": ClientSecretPost("post", SECRET),
    "private key": PrivateKeyJwt("signer", KEY.as_dict(private=True), algorithm="ES256"),
    "public": PublicClient("public"),
}
Perform = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def provider(run_provider: RunProvider) -> Iterator[Provider]:
    with run_provider(CLIENT_KEY=json.dumps(KEY.as_dict(private=False))) as running:
        yield running


@pytest.fixture
def perform(call_issuer: CallIssuer) -> Perform:
    """Perform operations with a new manager, in either mode."""

    def perform(issuer: str, *operations: Any) -> list[Any]:
        calls = [lambda users, one=one: users.call(one) for one in operations]
        return call_issuer(issuer, *calls)

    return perform


@pytest.mark.parametrize("name", CLIENTS)
def test_each_client_exchanges_introspects_and_revokes(
    provider: Provider, perform: Perform, name: str
) -> None:
    client = CLIENTS[name]
    token, agent = provider.token("ada"), provider.token("grace")
    exchange = exchange_token(
        token,
        actor_token=agent,
        actor_token_type=ACCESS_TOKEN,
        audience=["orders", "invoices"],
        scope=["openid", "email"],
        client=client,
    )

    (issued,) = perform(provider.issuer, exchange)
    before, _, after = perform(
        provider.issuer,
        introspect_token(issued.access_token, client=client),
        revoke_token(issued.token, "access_token", client=client),
        introspect_token(issued.token, client=client),
    )

    assert (issued.issued_token_type, issued.scope) == (ACCESS_TOKEN, "openid email")
    assert issued.expires_in == 600
    assert (bool(before), before.sub, before["audiences"]) == (True, "ada", ["orders", "invoices"])
    assert before.actor is not None
    assert (before.actor.sub, before.actor.issuer) == ("grace", provider.issuer)
    assert dict(after) == {"active": False}


def test_an_exchanged_token_fetches_the_profile_of_its_subject(provider: Provider) -> None:
    exchange = exchange_token(provider.token("ada"), client=CLIENTS["post"])
    with UsersManager.from_issuer(provider.issuer) as users:
        assert users.get_info(users.call(exchange).access_token).sub == "ada"


def test_a_refused_audience_has_its_error_code(provider: Provider, perform: Perform) -> None:
    exchange = exchange_token(provider.token("ada"), audience="forbidden", client=CLIENTS["basic"])
    with pytest.raises(APIError) as caught:
        perform(provider.issuer, exchange)
    assert (caught.value.status, caught.value.error) == (400, "invalid_target")


def test_an_invalid_subject_token_has_its_error_code(provider: Provider, perform: Perform) -> None:
    with pytest.raises(APIError) as caught:
        perform(provider.issuer, exchange_token("not-yours", client=CLIENTS["basic"]))
    assert (caught.value.status, caught.value.error) == (400, "invalid_request")


@pytest.mark.parametrize("make", [exchange_token, introspect_token, revoke_token])
def test_a_wrong_secret_is_unauthorized(provider: Provider, perform: Perform, make: Any) -> None:
    operation = make(provider.token("ada"), client=ClientSecretBasic("basic:%", "wrong"))
    with pytest.raises(UnauthorizedError) as caught:
        perform(provider.issuer, operation)
    assert caught.value.error == "invalid_client"


def test_an_unknown_token_is_inactive_and_revoked_without_an_error(
    provider: Provider, perform: Perform
) -> None:
    client = CLIENTS["basic"]
    operations = [introspect_token("unknown", client=client), revoke_token("x", client=client)]
    assert perform(provider.issuer, *operations) == [{"active": False}, None]


@pytest.mark.parametrize("make", [introspect_token, revoke_token])
def test_a_token_of_a_type_that_the_provider_does_not_know_is_an_error(
    provider: Provider, perform: Perform, make: Any
) -> None:
    with pytest.raises(APIError) as caught:
        perform(provider.issuer, make("eyJhbGciOiJub25lIn0.e30.", client=CLIENTS["basic"]))
    assert (caught.value.status, caught.value.error) == (400, "unsupported_token_type")
