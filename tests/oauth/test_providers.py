"""Exchange and introspection as the documentation of providers shows them."""

from __future__ import annotations

import pytest
from tests.oauth.providers import EXCHANGES, INTROSPECTIONS, REFUSALS
from tests.oauth.support import CLIENT, answer, form, perform

from usersmanager import APIError, ArgumentError
from usersmanager.oauth import ClientSecretBasic, exchange_token, introspect_token

GRANT = ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange")


@pytest.mark.parametrize("name", EXCHANGES)
def test_a_documented_exchange_is_sent_and_read(name: str) -> None:
    exchange = EXCHANGES[name]
    operation = exchange_token(**exchange.arguments, client=ClientSecretBasic("id", "secret"))
    result, request = perform(operation, answer(exchange.response))
    assert sorted(form(request)) == sorted([GRANT, *exchange.fields])
    for header, value in exchange.arguments.get("headers", {}).items():
        assert request.headers[header] == value
    documented = exchange.response
    assert result.token == documented["access_token"]
    assert result.issued_token_type == documented["issued_token_type"]
    assert result.expires_in == documented.get("expires_in")
    assert result.scope == documented.get("scope")
    assert result.refresh_token == documented.get("refresh_token")
    if exchange.is_bearer:
        assert result.access_token == result.token
    else:
        with pytest.raises(ArgumentError):
            _ = result.access_token


@pytest.mark.parametrize("name", INTROSPECTIONS)
def test_a_documented_introspection_is_read(name: str) -> None:
    members, subject, actor = INTROSPECTIONS[name]
    info, _ = perform(introspect_token("t", client=CLIENT), answer(members))
    assert (bool(info), info.sub) == (members["active"], subject)
    assert (info.actor and info.actor.sub) == actor
    assert dict(info) == members


@pytest.mark.parametrize("name", REFUSALS)
def test_a_documented_refusal_has_its_code_and_description(name: str) -> None:
    status, body, code, description = REFUSALS[name]
    with pytest.raises(APIError) as caught:
        perform(exchange_token("t", client=CLIENT), answer(body, status))
    assert (caught.value.status, caught.value.error) == (status, code)
    assert description in str(caught.value.error_description)
