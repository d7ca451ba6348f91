"""Spans, metrics and log records of an exchange: its name and status, and no secret."""

from __future__ import annotations

import pytest
from tests.oauth.support import ISSUED, answer
from tests.plugins.opentelemetry.telemetry import Telemetry
from tests.support import TENANT

from usersmanager import APIError, UsersManager
from usersmanager.oauth import ClientSecretBasic, exchange_token
from usersmanager.testing import FakeTransport

SECRETS = ["hush-subject", "hush-actor", "hush-client-secret", "hush-issued"]


def test_telemetry_names_an_exchange_and_shows_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    operation = exchange_token(
        SECRETS[0],
        actor_token=SECRETS[1],
        actor_token_type="urn:ietf:params:oauth:token-type:id_token",
        client=ClientSecretBasic("app", SECRETS[2]),
    )
    refusal = {"error": "invalid_grant", "error_description": " ".join(SECRETS[:3])}
    fake = FakeTransport(answer({**ISSUED, "access_token": SECRETS[3]}), answer(refusal, 400))
    telemetry = Telemetry()
    settings = telemetry.settings(fake) | {"discover": ["logging"]}
    with UsersManager(TENANT, **settings) as users, caplog.at_level("DEBUG"):
        users.call(operation)
        with pytest.raises(APIError, match=r"\[redacted\] \[redacted\] \[redacted\]"):
            users.call(operation)
    exported = telemetry.everything()
    telemetry.meters.shutdown()
    assert "usersmanager.exchange_token" in {span.name for span in telemetry.spans()}
    assert "exchange_token: 400" in caplog.text
    assert "hush" not in exported + caplog.text
