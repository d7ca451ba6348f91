"""The sandbox as an authorization server: exchange, introspection, revocation, delegated logins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest
from joserfc.jwk import generate_key
from tests.support import browse

from usersmanager import APIError, UnauthorizedError, UsersManager
from usersmanager.oauth import (
    ClientSecretBasic,
    ClientSecretPost,
    PrivateKeyJwt,
    PublicClient,
    exchange_token,
    introspect_token,
    revoke_token,
    session_link,
)
from usersmanager.testing import Sandbox

KEY = generate_key("EC", "P-256")
PEM = KEY.as_pem(private=True)
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"

CLIENTS: dict[str, Callable[[Sandbox], Any]] = {
    "basic": lambda sandbox: ClientSecretBasic(sandbox.client_id, sandbox.client_secret),
    "post": lambda sandbox: ClientSecretPost(sandbox.client_id, sandbox.client_secret),
    "special characters": lambda _: ClientSecretBasic("a:b %", "c&d+"),
    "private key": lambda _: PrivateKeyJwt("signer", PEM, algorithm="ES256"),
    "none": lambda _: PublicClient("public"),
}


@pytest.fixture
def server(sandbox: Sandbox) -> Sandbox:
    sandbox.add_client("a:b %", secret="c&d+").add_client("public")
    return sandbox.add_client("signer", public_key=KEY.as_pem(private=False).decode())


def perform(server: Sandbox, *operations: Any) -> list[Any]:
    with UsersManager.from_issuer(server.base_url, discover=False) as users:
        return [users.call(operation) for operation in operations]


def refused(server: Sandbox, operation: Any) -> APIError:
    with pytest.raises(APIError) as caught:
        perform(server, operation)
    return caught.value


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_exchanges_introspects_and_revokes(server: Sandbox, name: str) -> None:
    client = CLIENTS[name](server)
    token = server.issue_token("auth0|ada", scope="openid profile")
    exchange = exchange_token(token, audience=["a", "b"], scope="openid email", client=client)
    (issued,) = perform(server, exchange)
    assert (issued.issued_token_type, issued.scope) == (ACCESS_TOKEN, "openid")
    before, revoked, after, subject = perform(
        server,
        introspect_token(issued.token, client=client),
        revoke_token(issued.token, client=client),
        introspect_token(issued.token, client=client),
        introspect_token(token, client=client),
    )
    assert (before.sub, before["aud"], before.actor) == ("auth0|ada", ["a", "b"], None)
    assert before.exp
    assert revoked is None
    assert (bool(after), bool(subject)) == (False, True)


def test_the_actor_is_in_the_profile_and_in_the_introspection(server: Sandbox) -> None:
    client = CLIENTS["basic"](server)
    agent = {
        "actor_token": server.issue_token("auth0|boss"),
        "actor_token_type": ACCESS_TOKEN,
        "client": client,
    }
    (first,) = perform(server, exchange_token(server.issue_token("auth0|ada"), **agent))
    (second,) = perform(server, exchange_token(first.access_token, **agent))
    with UsersManager(server.base_url, discover=False) as users:
        actor = users.get_info(second.access_token).actor
    (info,) = perform(server, introspect_token(second.token, client=client))
    assert actor is not None
    assert (actor.sub, actor.issuer) == ("auth0|boss", server.base_url)
    assert actor.actor is not None
    assert actor.actor.actor is None
    assert info.actor == actor


def test_a_delegated_session_begins_once(server: Sandbox) -> None:
    exchange = exchange_token(
        "auth0|ada",
        "urn:acme:user-id",
        actor_token=server.issue_token("auth0|boss"),
        actor_token_type=ID_TOKEN,
        audience="urn:tenant.auth0.com:session_transfer",
        client=CLIENTS["post"](server),
    )
    (issued,) = perform(server, exchange)
    assert (issued.token_type, issued.expires_in) == ("N_A", 60)
    link = session_link(server.login_uri, issued)
    page = browse(link)
    assert page.status == 200
    assert "Logged in as Ada" in page.text
    assert "auth0|ada, delegated to auth0|boss" in page.text
    assert browse(link).status == 403


@pytest.mark.parametrize(
    "client",
    [
        ClientSecretBasic("sandbox-client", "wrong"),
        ClientSecretPost("sandbox-client", "wrong"),
        ClientSecretPost("nobody", "sandbox-secret"),
        PublicClient("sandbox-client"),
        PublicClient("nobody"),
        PrivateKeyJwt("nobody", PEM, algorithm="ES256"),
        PrivateKeyJwt("sandbox-client", PEM, algorithm="ES256"),
        PrivateKeyJwt("signer", PEM, algorithm="ES256", audience="https://elsewhere.example"),
        PrivateKeyJwt(
            "signer", generate_key("EC", "P-256").as_pem(private=True), algorithm="ES256"
        ),
    ],
    ids=repr,
)
def test_a_client_that_does_not_authenticate_is_refused(server: Sandbox, client: Any) -> None:
    token = server.issue_token("auth0|ada")
    for make in (exchange_token, introspect_token, revoke_token):
        error = refused(server, make(token, client=client))
        assert isinstance(error, UnauthorizedError)
        assert error.error == "invalid_client"
    with UsersManager(server.base_url, discover=False) as users:
        assert users.get_info(token).sub == "auth0|ada"


def test_an_assertion_is_accepted_once(server: Sandbox) -> None:
    signer = PrivateKeyJwt("signer", PEM, algorithm="ES256")

    class Replaying:
        fields: dict[str, str] | None = None

        def authorize(self, request: Any) -> Any:
            if self.fields is None:
                form = dict(parse_qsl(signer.authorize(request).body.decode()))
                self.fields = {name: form[name] for name in form if name.startswith("client_")}
            return request.with_form(self.fields)

    operation = revoke_token("t", client=Replaying())
    perform(server, operation)
    assert refused(server, operation).error == "invalid_client"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"subject_token": "unknown"}, "invalid_request"),
        ({"subject_token": "auth0|ada", "subject_token_type": "urn:acme:user"}, "invalid_request"),
        ({"actor_token": "unknown", "actor_token_type": ACCESS_TOKEN}, "invalid_request"),
        ({"actor_token": "unknown", "actor_token_type": "urn:x"}, "invalid_request"),
        ({"audience": "urn:x:session_transfer"}, "invalid_request"),
        ({"requested_token_type": ID_TOKEN}, "invalid_request"),
        ({"scope": "address"}, "invalid_scope"),
    ],
)
def test_an_exchange_that_is_not_allowed_is_refused(
    server: Sandbox, settings: dict[str, Any], code: str
) -> None:
    arguments = {"subject_token": server.issue_token("auth0|ada"), **settings}
    error = refused(server, exchange_token(**arguments, client=CLIENTS["basic"](server)))
    assert (error.status, error.error) == (400, code)


def test_a_public_client_may_not_delegate_a_session(server: Sandbox) -> None:
    agent = server.issue_token("auth0|boss")
    exchange = exchange_token(
        server.issue_token("auth0|ada"),
        actor_token=agent,
        actor_token_type=ACCESS_TOKEN,
        audience="urn:x:session_transfer",
        client=PublicClient("public"),
    )
    assert refused(server, exchange).error == "unauthorized_client"


def test_faults_and_records_include_these_requests_and_a_reset_forgets_clients(
    server: Sandbox,
) -> None:
    client = CLIENTS["none"](server)
    server.fail_next(503)
    assert refused(server, revoke_token("t", client=client)).status == 503
    assert server.requests[-1] == ("POST", "/oauth/revoke", 503)
    server.reset()
    assert refused(server, revoke_token("t", client=client)).status == 401
