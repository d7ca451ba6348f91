"""No token, client secret, assertion or issued token shows, whatever a server sends."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc.jwk import generate_key
from tests.redaction.assertions import assert_hidden
from tests.redaction.capture import CapturingClient
from tests.redaction.scenarios import ECHOES, answering, sending
from tests.redaction.secrets import B64TOKEN, Secrets
from tests.support import TENANT

from usersmanager import APIError, DecodeError, TransportError
from usersmanager.oauth import (
    ClientSecretBasic,
    ClientSecretPost,
    PrivateKeyJwt,
    PublicClient,
    exchange_token,
    introspect_token,
    revoke_token,
)
from usersmanager.operations import Operation
from usersmanager.testing import FaultServer, Peer

ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
PUBLIC = PublicClient("app")


@functools.cache
def signer() -> PrivateKeyJwt:
    key = generate_key("EC", "P-256").as_pem(private=True)
    return PrivateKeyJwt("app", key, algorithm="ES256", audience=TENANT)


def _clients(secrets: Secrets) -> list[Any]:
    return [ClientSecretBasic("app", secrets.token), ClientSecretPost("app", secrets.token)]


# The link stands for a second secret.
OPERATIONS: dict[str, Callable[[Secrets], Operation[Any]]] = {
    "subject and actor": lambda secrets: exchange_token(
        secrets.token, actor_token=secrets.link, actor_token_type=ID_TOKEN, client=PUBLIC
    ),
    "basic": lambda secrets: exchange_token(secrets.link, client=_clients(secrets)[0]),
    "post": lambda secrets: exchange_token(secrets.link, client=_clients(secrets)[1]),
    "introspection": lambda secrets: introspect_token(secrets.token, client=_clients(secrets)[0]),
    "revocation": lambda secrets: revoke_token(secrets.token, client=_clients(secrets)[1]),
    "assertion": lambda secrets: revoke_token(secrets.token, client=signer()),
}


def perform(
    secrets: Secrets, client: CapturingClient, behave: Any, *names: str, times: int = 1
) -> list[BaseException]:
    """Return the errors of operations; what a plugin sees of a body is meant to be sent."""
    calls = [
        lambda users, make=OPERATIONS[name]: users.call(make(secrets))
        for name in names or OPERATIONS
        for _ in range(times)
    ]
    with FaultServer(otherwise=lambda peer: behave(secrets, peer)) as server:
        endpoints = {"introspection_endpoint": f"{server.origin}/introspect"}
        errors = client.errors(calls, server.origin, endpoints=endpoints)
    client.ignore_bodies()
    return errors


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("basic", "assertion"), id="some"),
        pytest.param(tuple(OPERATIONS), id="all", marks=pytest.mark.slow),
    ],
)
def test_an_error_response_that_echoes_a_secret_shows_none(
    names: tuple[str, ...], client_over_fake: CapturingClient, secrets: Secrets
) -> None:
    behave = answering("400 TOKEN", *ECHOES.values())
    found = perform(secrets, client_over_fake, behave, *names, times=len(ECHOES))
    assert all(isinstance(error, APIError) for error in found)
    assert_hidden(secrets, client_over_fake, found)


def test_an_echo_of_the_whole_form_shows_no_secret(
    client_over_fake: CapturingClient, secrets: Secrets
) -> None:
    assertions: list[Secrets] = []

    def behave(_: Secrets, peer: Peer) -> None:
        body = peer.request().partition(b"\r\n\r\n")[2]
        fields = parse_qs(body.decode())
        if "client_assertion" in fields:
            assertions.append(Secrets(fields["client_assertion"][0], ""))
        # One field: an error quotes only a short text, after it has removed what is secret.
        content = b"you sent " + max(body.split(b"&"), key=len)
        head = b"HTTP/1.1 400 x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        peer.send(head % len(content) + content)

    found = perform(secrets, client_over_fake, behave)
    assert all("you sent" in str(error) for error in found)
    assert all("[redacted]" in str(error) for error in found if "grant" not in str(error))
    assert_hidden(secrets, client_over_fake, found)
    for assertion in assertions:
        assert_hidden(assertion, client_over_fake, found)
    assert assertions


@pytest.mark.parametrize("template", ["", "HTTP/1.1 200 TOKEN\nX: TOKEN"])
def test_a_connection_that_ends_shows_no_secret(
    template: str, client: CapturingClient, secrets: Secrets
) -> None:
    found = perform(secrets, client, sending(template), "subject and actor", "basic", "assertion")
    assert all(isinstance(error, TransportError) for error in found)
    assert_hidden(secrets, client, found)


JSON = "Content-Type: application/json\n\n"
INVALID = {
    "no type": '{"access_token": "TOKEN", "refresh_token": "LINK"}',
    "no token": '{"issued_token_type": "urn:x", "TOKEN": "LINK"}',
    "types": '{"access_token": ["TOKEN"], "active": "TOKEN", "sub": "LINK"}',
    "no object": '["TOKEN", "LINK"]',
    "no json": '{"access_token": "TOKEN", ',
    "a repeated key": '{"active": true, "TOKEN": 1, "TOKEN": 2}',
}


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_result_shows_no_secret(
    name: str, client_over_fake: CapturingClient, secrets: Secrets
) -> None:
    behave = answering("200 TOKEN", JSON + INVALID[name])
    found = perform(secrets, client_over_fake, behave, "subject and actor", "introspection")
    assert all(isinstance(error, DecodeError) for error in found)
    assert_hidden(secrets, client_over_fake, found)


def test_a_result_shows_no_secret(client: CapturingClient) -> None:
    secrets = B64TOKEN
    body = (
        '{"access_token": "TOKEN", "refresh_token": "LINK", "issued_token_type": "urn:TOKEN",'
        ' "token_type": "Bearer", "scope": "TOKEN", "active": true, "email": "TOKEN",'
        ' "act": {"sub": "agent", "email": "LINK"}}'
    )
    behave = answering("200 TOKEN", JSON + body)
    with FaultServer(otherwise=lambda peer: behave(secrets, peer)) as server:
        settings = {"endpoints": {"introspection_endpoint": f"{server.origin}/i"}}
        for make in OPERATIONS.values():
            result = client.call(
                lambda users, make=make: users.call(make(secrets)), server.origin, **settings
            )
            client.objects += [result, getattr(result, "actor", None), make(secrets)]
    client.objects += [*_clients(secrets), signer()]
    client.ignore_bodies()
    assert result is None
    assert_hidden(secrets, client, [])
