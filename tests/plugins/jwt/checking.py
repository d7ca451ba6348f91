"""Verify a token with published keys, outside a call."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest import mock

from tests.plugins.jwt.tokens import CLIENT, EC, ISSUER, NOW, RSA, jwk

from usersmanager.plugins import Flow, Secret, run_flow
from usersmanager_jwt.claims import Expected
from usersmanager_jwt.key_set import KeySet, parse_decryption_keys, parse_public_keys
from usersmanager_jwt.provider_keys import ProviderKeys
from usersmanager_jwt.verification import Keys, verify

PUBLISHED = [jwk(EC, kid="1"), jwk(RSA, kid="2")]
DECRYPTION = parse_decryption_keys(Secret({"keys": [jwk(RSA, private=True)]}))


def check(
    body: bytes,
    published: list[Any] | None = None,
    *,
    algorithms: tuple[str, ...] = ("RS256", "ES256", "PS256"),
    decryption: KeySet | None = DECRYPTION,
    leeway: float = 60.0,
) -> bytes | str:
    """Return the verified payload of a body, or why it is refused."""
    keys = parse_public_keys({"keys": PUBLISHED if published is None else published})
    assert isinstance(keys, KeySet)

    def fetch() -> Flow[KeySet]:
        return keys
        yield

    sources = Keys(algorithms, decryption, ProviderKeys(), "provider", fetch)
    # The tokens of the tests are made when their modules are imported.
    with mock.patch("usersmanager_jwt.verification.time", SimpleNamespace(time=lambda: NOW)):
        outcome = run_flow(verify(Secret(body), sources, Expected(ISSUER, CLIENT, leeway)))
    return outcome if isinstance(outcome, str) else outcome.reveal()
