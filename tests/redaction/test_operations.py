"""No error, log record or repr shows a secret of an operation, in its body or its credential."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.redaction.assertions import assert_hidden
from tests.redaction.capture import CapturingClient
from tests.redaction.scenarios import ECHOES, answering, sending
from tests.redaction.secrets import Secrets

from usersmanager import APIError, DecodeError, TransportError
from usersmanager.operations import Operation, Request, Response, Secret, read_json
from usersmanager.testing import FaultServer


class Post:
    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def authorize(self, request: Request) -> Request:
        return request.with_form({"client_secret": Secret(self._secrets.token)})


def _read(response: Response) -> Any:
    claims = read_json(response)
    return claims["missing"]


def operation(**settings: Any) -> Operation[Any]:
    return Operation("op", "POST", path="/x", read=_read, idempotent=True, **settings)


OPERATIONS: dict[str, Callable[[Secrets], Operation[Any]]] = {
    "form": lambda secrets: operation(form={"a": [Secret(secrets.token), Secret(secrets.link)]}),
    "json": lambda secrets: operation(
        json={"a": [Secret(secrets.token)], "b": Secret(secrets.link)}
    ),
    "credential": lambda secrets: operation(credential=Post(secrets)),
}


def errors(
    secrets: Secrets, client: CapturingClient, behave: Any, times: int = 1
) -> list[BaseException]:
    """Return the errors of all operations; what a plugin sees of a body is meant to be sent."""
    calls = [
        lambda users, make=make: users.call(make(secrets))
        for make in OPERATIONS.values()
        for _ in range(times)
    ]
    with FaultServer(otherwise=lambda peer: behave(secrets, peer)) as server:
        errors = client.errors(calls, server.origin)
    client.ignore_bodies()
    return errors


@pytest.mark.parametrize("status", [400, 401, 503])
def test_an_error_response_that_echoes_a_secret_shows_none(
    status: int, client: CapturingClient, secrets: Secrets
) -> None:
    found = errors(secrets, client, answering(f"{status} TOKEN", *ECHOES.values()), len(ECHOES))
    assert all(isinstance(error, APIError) for error in found)
    assert_hidden(secrets, client, found)


@pytest.mark.parametrize("form", [False, True])
def test_an_echo_of_a_form_shows_no_secret(
    form: bool, client_over_fake: CapturingClient, secrets: Secrets
) -> None:
    def behave(secrets: Secrets, peer: Any) -> None:
        body = peer.request().partition(b"\r\n\r\n")[2]
        content = b"you sent " + (body if form else secrets.fill("TOKEN LINK"))[:280]
        head = b"HTTP/1.1 400 x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        peer.send(head % len(content) + content)

    found = errors(secrets, client_over_fake, behave)
    assert "you sent" in str(found[0])
    assert "[redacted]" in str(found[0])
    assert_hidden(secrets, client_over_fake, found)


@pytest.mark.parametrize("template", ["", "HTTP/1.1 200 TOKEN\nX: TOKEN"])
def test_a_connection_that_ends_shows_no_secret(
    template: str, client: CapturingClient, secrets: Secrets
) -> None:
    found = errors(secrets, client, sending(template))
    assert all(isinstance(error, TransportError) for error in found)
    assert_hidden(secrets, client, found)


def test_a_body_that_a_reader_does_not_expect_shows_no_secret(
    client_over_fake: CapturingClient, secrets: Secrets
) -> None:
    body = 'Content-Type: application/json\n\n{"a": "TOKEN", "LINK": 1}'
    found = errors(secrets, client_over_fake, answering("200 OK", body))
    assert all(isinstance(error, DecodeError) and "KeyError" in str(error) for error in found)
    assert_hidden(secrets, client_over_fake, found)
