"""exchange_token: what it sends, what it refuses, and what it makes of a response (RFC 8693)."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from tests.oauth.support import ACCESS_TOKEN, CLIENT, ISSUED, answer, exchanged, form, perform
from tests.support import shown_below_the_test

from usersmanager import APIError, ArgumentError, DecodeError
from usersmanager.oauth import exchange_token
from usersmanager.operations import Secret

GRANT = ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange")
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
SUBJECT = [("subject_token", "user-token"), ("subject_token_type", ACCESS_TOKEN)]
AUTHENTICATION = [("client_id", "client"), ("client_secret", "client-secret-of-16")]


def sent(*args: Any, **settings: Any) -> list[tuple[str, str]]:
    """Return the fields of an exchange."""
    operation = exchange_token(*args or ("user-token",), client=CLIENT, **settings)
    return form(perform(operation, answer(ISSUED))[1])


@pytest.mark.parametrize(
    ("settings", "fields"),
    [
        ({}, []),
        ({"requested_token_type": ID_TOKEN}, [("requested_token_type", ID_TOKEN)]),
        ({"audience": "api"}, [("audience", "api")]),
        ({"audience": ["a", "b"]}, [("audience", "a"), ("audience", "b")]),
        (
            {"resource": ("https://a.example/?q=1", "urn:b")},
            [("resource", "https://a.example/?q=1"), ("resource", "urn:b")],
        ),
        ({"scope": "read write"}, [("scope", "read write")]),
        ({"scope": ["read", "write"]}, [("scope", "read write")]),
        ({"extra": {"organization": "org_1", "none": None}}, [("organization", "org_1")]),
        ({"extra": {"x": ["1", Secret("2")]}}, [("x", "1"), ("x", "2")]),
        (
            {"actor_token": "agent-token", "actor_token_type": ID_TOKEN},
            [("actor_token", "agent-token"), ("actor_token_type", ID_TOKEN)],
        ),
    ],
)
def test_an_exchange_sends_its_arguments_and_authenticates_the_client(
    settings: dict[str, Any], fields: list[tuple[str, str]]
) -> None:
    assert sent(**settings) == [GRANT, *SUBJECT, *fields, *AUTHENTICATION]


def test_a_subject_token_of_another_type_and_a_sealed_one_are_sent() -> None:
    fields = sent(Secret("259242039378444290"), "urn:zitadel:params:oauth:token-type:user_id")
    assert fields[1:3] == [
        ("subject_token", "259242039378444290"),
        ("subject_token_type", "urn:zitadel:params:oauth:token-type:user_id"),
    ]


def test_it_is_sent_to_the_path_of_auth0_with_its_own_headers_and_not_as_idempotent() -> None:
    headers = {"auth0-forwarded-for": "203.0.113.7"}
    operation = exchange_token("t", headers=headers, client=CLIENT)
    _, request = perform(operation, answer(ISSUED))
    assert (request.method, request.url) == ("POST", "https://tenant.example/oauth/token")
    assert request.headers["auth0-forwarded-for"] == "203.0.113.7"
    assert request.headers["Accept"] == "application/json"
    assert request.idempotent is False
    assert request.operation == "exchange_token"


def test_it_is_sent_to_the_token_endpoint_of_the_provider() -> None:
    endpoints = {"token_endpoint": "https://login.example/realms/r/token?v=2"}
    _, request = perform(exchange_token("t", client=CLIENT), answer(ISSUED), endpoints=endpoints)
    assert request.url == endpoints["token_endpoint"]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no subject token": ({"subject_token": ""}, "subject_token must be a non-empty str"),
    "blank subject token": ({"subject_token": " "}, "subject_token must be"),
    "subject token of another type": ({"subject_token": b"hush"}, "subject_token must be"),
    "sealed subject token": ({"subject_token": Secret(7)}, "subject_token must be"),
    "surrogate": ({"subject_token": "hush\ud800"}, "a value of 'subject_token'"),
    "type of the subject": ({"subject_token_type": "access_token"}, "must be a URI"),
    "type with a space": ({"subject_token_type": "urn:a b"}, "must be a URI"),
    "actor without a type": ({"actor_token": "hush"}, "actor_token_type go together"),
    "type without an actor": ({"actor_token_type": ID_TOKEN}, "actor_token_type go together"),
    "empty actor": ({"actor_token": "", "actor_token_type": ID_TOKEN}, "actor_token must be"),
    "type of the actor": ({"actor_token": "hush", "actor_token_type": "id"}, "must be a URI"),
    "requested type": ({"requested_token_type": "jwt"}, "requested_token_type must be a URI"),
    "audience": ({"audience": 7}, "audience must be a str or a sequence"),
    "blank audience": ({"audience": ["a", " "]}, "audience must contain only non-empty"),
    "bytes": ({"audience": b"x"}, "audience must be a str or a sequence"),
    "relative resource": ({"resource": "/api"}, "resource must be a URI"),
    "fragment of a resource": ({"resource": "https://a.example/#x"}, "must not contain a fragment"),
    "scope": ({"scope": [7]}, "scope must contain only non-empty str"),
    "extra": ({"extra": "hush"}, "extra must be a mapping"),
    "known field": ({"extra": {"audience": "hush"}}, "extra must not contain audience"),
    "secret of the client": ({"extra": {"client_secret": "hush"}}, "not contain client_secret"),
    "value in extra": ({"extra": {"x": {"hush": 1}}}, "form has a value of 'x'"),
    "header": ({"headers": {"Authorization": "hush"}}, "can only be set by the client"),
    "value of a header": ({"headers": {"X": "hush\n"}}, "the value of the header 'X' must be"),
    "no client": ({"client": None}, "client must be a credential, such as ClientSecretBasic"),
    "name of a client": ({"client": "hush"}, "client must be a credential"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_argument_is_refused_when_the_operation_is_made(name: str) -> None:
    settings, message = REFUSED[name]
    with pytest.raises(ArgumentError, match=message) as caught:
        exchange_token(**{"subject_token": "hush-token", "client": CLIENT, **settings})
    assert "hush" not in shown_below_the_test(caught.value)


def test_an_issued_token_has_typed_properties() -> None:
    members = {"expires_in": 300, "scope": "a b", "refresh_token": "r", "act": {"sub": "agent"}}
    result, _ = perform(exchange_token("t", client=CLIENT), answer({**ISSUED, **members}))
    assert (result.token, result.access_token) == ("issued-token", "issued-token")
    assert (result.issued_token_type, result.token_type) == (ACCESS_TOKEN, "Bearer")
    assert (result.expires_in, result.scope, result.refresh_token) == (300, "a b", "r")
    assert result.actor is not None
    assert result.actor.sub == "agent"


def test_what_the_server_does_not_say_is_none() -> None:
    result = exchanged()
    assert result.expires_in is result.scope is result.refresh_token is result.actor is None


@pytest.mark.parametrize(
    ("sent", "read"),
    [(3600, 3600), ("3600", 3600), (0.5, 0.5), (True, None), ("soon", None), ("9" * 20, None)],
)
def test_expires_in_is_a_number_of_seconds(sent: object, read: float | None) -> None:
    assert exchanged(expires_in=sent).expires_in == read


@pytest.mark.parametrize("token_type", ["Bearer", "bearer", "BEARER"])
def test_a_bearer_token_is_an_access_token_in_any_case(token_type: str) -> None:
    assert exchanged(token_type=token_type).access_token == "issued-token"


@pytest.mark.parametrize("token_type", ["N_A", "DPoP", "", None, 7])
def test_another_token_is_not_offered_as_a_bearer_token(token_type: object) -> None:
    result = exchanged(token_type=token_type)
    assert result.token == "issued-token"
    with pytest.raises(ArgumentError, match="not a bearer token"):
        _ = result.access_token


@pytest.mark.parametrize("name", ["access_token", "issued_token_type"])
@pytest.mark.parametrize("value", [None, "", " ", 7, ["x"]])
def test_a_response_without_a_token_or_its_type_is_a_decode_error(name: str, value: object) -> None:
    with pytest.raises(DecodeError, match=f"the response has no {name}"):
        perform(exchange_token("t", client=CLIENT), answer({**ISSUED, name: value}))


@pytest.mark.parametrize("body", [[], "issued", None])
def test_a_response_that_is_not_an_object_is_a_decode_error(body: object) -> None:
    with pytest.raises(DecodeError, match="not a JSON object"):
        perform(exchange_token("t", client=CLIENT), answer(body))


@pytest.mark.parametrize("error", ["invalid_request", "invalid_grant", "invalid_target"])
def test_a_refused_exchange_has_the_error_code_of_the_server(error: str) -> None:
    body = {"error": error, "error_description": "why"}
    with pytest.raises(APIError) as caught:
        perform(exchange_token("t", client=CLIENT), answer(body, 400))
    found = caught.value
    assert (found.status, found.error, found.error_description) == (400, error, "why")
    assert str(found).startswith("exchange_token at https://tenant.example failed with 400")


def test_an_issued_token_shows_nothing_and_cannot_be_pickled() -> None:
    result = exchanged(scope="issued-scope")
    assert repr(result) == "<ExchangedToken>"
    with pytest.raises(TypeError, match="can't be pickled"):
        pickle.dumps(result)
