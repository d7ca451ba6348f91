"""The credentials of a client: what each of them sends, and what it shows."""

from __future__ import annotations

import base64
import pickle
from typing import Any
from urllib.parse import unquote_plus

import pytest
from tests.oauth.support import answer, form, perform

from usersmanager import Request, Response, UnauthorizedError
from usersmanager.oauth import ClientSecretBasic, ClientSecretPost, PublicClient, revoke_token
from usersmanager.operations import ArgumentError, Secret


def revoked(client: Any) -> Request:
    """Return the request of a revocation."""
    return perform(revoke_token("t", client=client), Response(200))[1]


@pytest.mark.parametrize("name", ["a", "a b:c%d+e~*-._", "!\"#$&'()/;<=>?@[]^`{|}"])
def test_basic_sends_id_and_secret_form_encoded_first(name: str) -> None:
    secret = f"s{name}"
    headers = revoked(ClientSecretBasic(name, secret)).headers_to_send()
    scheme, _, encoded = headers["Authorization"].partition(" ")
    client_id, _, client_secret = base64.b64decode(encoded).decode().partition(":")
    assert scheme == "Basic"
    assert (unquote_plus(client_id), unquote_plus(client_secret)) == (name, secret)
    assert " " not in client_id


def test_basic_of_the_specification() -> None:
    # The example of RFC 6749, section 2.3.1.
    client = ClientSecretBasic("s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw")
    authorization = "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"
    assert revoked(client).headers_to_send()["Authorization"] == authorization


def test_basic_leaves_the_form_alone() -> None:
    assert form(revoked(ClientSecretBasic("c", "s"))) == [("token", "t")]


def test_post_sends_id_and_secret_in_the_form() -> None:
    request = revoked(ClientSecretPost("c", Secret("s ~")))
    assert form(request) == [("token", "t"), ("client_id", "c"), ("client_secret", "s ~")]
    assert "Authorization" not in request.headers_to_send()


def test_a_public_client_sends_its_id_alone() -> None:
    request = revoked(PublicClient("c"))
    assert form(request) == [("token", "t"), ("client_id", "c")]
    assert "Authorization" not in request.headers_to_send()


BAD: list[Any] = ["", " ", "é", "a\n", "a\x7f", None, 7, b"hush"]


@pytest.mark.parametrize("value", BAD, ids=repr)
@pytest.mark.parametrize("make", [ClientSecretBasic, ClientSecretPost])
def test_id_and_secret_are_printable_ascii(make: Any, value: Any) -> None:
    with pytest.raises(ArgumentError, match="client_id must be"):
        make(value, "s")
    with pytest.raises(ArgumentError, match="client_secret must be"):
        make("c", value)


@pytest.mark.parametrize("value", BAD, ids=repr)
def test_the_id_of_a_public_client_is_printable_ascii(value: Any) -> None:
    with pytest.raises(ArgumentError, match="client_id must be"):
        PublicClient(value)


@pytest.mark.parametrize("make", [ClientSecretBasic, ClientSecretPost])
def test_a_client_shows_its_id_and_no_secret(make: Any) -> None:
    client = make("my-app", "hush-secret")
    assert repr(client) == f"<{make.__name__} my-app>"
    with pytest.raises(TypeError, match="can't be pickled"):
        pickle.dumps(client)


@pytest.mark.parametrize("make", [ClientSecretBasic, ClientSecretPost])
@pytest.mark.parametrize("echo", ["hush/secret+1", "hush%2Fsecret%2B1"])
def test_an_echo_of_the_secret_is_removed_in_its_form_encoding_too(make: Any, echo: str) -> None:
    body = {"error": "invalid_client", "error_description": f"not {echo}!"}
    with pytest.raises(UnauthorizedError, match="not \\[redacted\\]!") as caught:
        perform(revoke_token("t", client=make("c", "hush/secret+1")), answer(body, 401))
    assert "hush" not in str(caught.value)
