"""Fixtures of the redaction tests."""

from __future__ import annotations

import pytest
from tests.redaction.capture import TRANSPORTS, CapturingClient
from tests.redaction.secrets import B64TOKEN, JWT, Secrets


# A b64token has every character that may need an escape, so it is the one to try first.
@pytest.fixture(
    params=[
        pytest.param(B64TOKEN, id="b64token"),
        pytest.param(JWT, id="jwt", marks=pytest.mark.slow),
    ]
)
def secrets(request: pytest.FixtureRequest) -> Secrets:
    secrets: Secrets = request.param
    return secrets


@pytest.fixture(params=TRANSPORTS)
def client(request: pytest.FixtureRequest) -> CapturingClient:
    """A client over each transport."""
    return CapturingClient(request.param)


@pytest.fixture(params=["urllib3", "aiohttp"], ids=["sync", "async"])
def client_over_fake(request: pytest.FixtureRequest) -> CapturingClient:
    """A sync and an async client, for calls over a fake transport."""
    return CapturingClient(request.param)


@pytest.fixture
def async_client() -> CapturingClient:
    return CapturingClient("aiohttp")
