"""No error, log record or repr shows a signed profile, a claim of it or a key."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from joserfc.jwk import OctKey
from tests.plugins.jwt.provider import JSON, JWT, Provider, get_info
from tests.plugins.jwt.tokens import EC, OTHER_EC, RSA, claims, encrypt, jwk, sign, sign_raw
from tests.redaction import introspection
from tests.redaction.assertions import places_of, raised
from tests.redaction.capture import CapturingClient
from tests.redaction.introspection import Exposure

from usersmanager import Response, UsersManagerError
from usersmanager.plugins import Secret
from usersmanager_jwt import JwtUserInfo
from usersmanager_jwt.key_set import parse_decryption_keys
from usersmanager_logging import Logging

CLAIM = "a-claim-that-nobody-may-see"
PRIVATE = [*(jwk(RSA, private=True)[name] for name in "dpq"), jwk(EC, private=True)["d"]]


def signed(key: Any = EC, changes: dict[str, Any] | None = None, **header: Any) -> bytes:
    return sign(key, claims(secret=CLAIM) | (changes or {}), **header)


REFUSED: dict[str, Callable[[], Response | bytes]] = {
    "json": lambda: Response(200, JSON, json.dumps(claims(secret=CLAIM)).encode()),
    "another type": lambda: Response(200, {"Content-Type": CLAIM}, signed()),
    "nonsense": lambda: CLAIM.encode(),
    "none": lambda: sign_raw(EC, {"alg": "none"}, claims(secret=CLAIM)),
    "hmac": lambda: signed(OctKey.generate_key(256), alg="HS256"),
    "signature": lambda: signed(OTHER_EC),
    "unknown key": lambda: signed(kid=CLAIM),
    "header": lambda: signed(crit=[CLAIM]),
    "type": lambda: signed(typ=f"{CLAIM}+jwt"),
    "header with a repeated name": lambda: sign_raw(EC, f'{{"{CLAIM}": 1, "{CLAIM}": 2}}'.encode()),
    "payload": lambda: sign(payload=CLAIM.encode()),
    "payload with a repeated name": lambda: sign(payload=f'{{"{CLAIM}":1,"{CLAIM}":2}}'.encode()),
    "issuer": lambda: signed(changes={"iss": CLAIM}),
    "audience": lambda: signed(changes={"aud": CLAIM}),
    "expired": lambda: signed(changes={"exp": 1}),
    "expiry": lambda: signed(changes={"exp": CLAIM}),
    "not yet": lambda: signed(changes={"nbf": 9_999_999_999}),
    "no subject": lambda: signed(changes={"sub": None}),
    "unsigned content": lambda: encrypt(json.dumps(claims(secret=CLAIM)).encode()),
    "twice": lambda: encrypt(encrypt(signed())),
    "for another key": lambda: encrypt(signed(), OTHER_EC, alg="ECDH-ES"),
    "damaged": lambda: encrypt(signed())[:-4] + b"AAAA",
    "compressed": lambda: encrypt(signed(), zip="DEF"),
    "another algorithm": lambda: encrypt(signed(), OctKey.generate_key(128), alg="A128KW"),
}


@pytest.fixture(scope="module")
def plugin() -> JwtUserInfo:
    keys = [jwk(RSA, private=True), jwk(EC, private=True)]
    return JwtUserInfo("my-app", decryption_keys={"keys": keys})


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_profile_shows_no_secret(mode: Any, plugin: JwtUserInfo, name: str) -> None:
    sent = REFUSED[name]()
    response = sent if isinstance(sent, Response) else Response(200, JWT, sent)
    provider = Provider()
    provider.outcomes["/userinfo"] = [response]
    parts = [part for part in response.body.decode().split(".") if len(part) > 20]
    client = CapturingClient("urllib3")
    with client.capture():
        error = raised(lambda: get_info(mode, provider, plugins=[plugin, Logging()]))
    client.objects += vars(plugin).values()
    assert isinstance(error, UsersManagerError)
    assert "usersmanager" in client.loggers
    exposures = [*introspection.of_error(error), *client.exposures()]
    assert places_of([CLAIM, *PRIVATE, *parts], exposures) == []


@pytest.mark.parametrize(
    ("place", "token"),
    [
        ("encryption.read_header", lambda: encrypt(signed())),
        ("encryption.jwe.decrypt_compact", lambda: encrypt(signed())),
        ("compact._header_of", signed),
        ("signature.jws.deserialize_compact", signed),
        ("claims._explain_times", lambda: encrypt(signed())),
    ],
)
def test_an_interruption_while_a_token_is_verified_shows_no_secret(
    mode: Any, plugin: JwtUserInfo, place: str, token: Callable[[], bytes]
) -> None:
    provider, sent = Provider(), token()
    provider.profile = lambda _: sent
    with mock.patch(f"usersmanager_jwt.{place}", _interrupt):
        error = raised(lambda: get_info(mode, provider, plugins=[plugin, Logging()]))
    assert isinstance(error, KeyboardInterrupt)
    parts = [part for part in sent.decode().split(".") if len(part) > 20]
    assert places_of([CLAIM, *PRIVATE, *parts], [*introspection.of_error(error)]) == []


def _interrupt(*values: object, **_: object) -> object:
    content = [value.reveal() if isinstance(value, Secret) else value for value in values]
    raise KeyboardInterrupt if content else AssertionError


@pytest.mark.parametrize(
    "value",
    [
        {"keys": [{**jwk(EC, private=True), "use": "sig"}]},
        {"keys": [{**jwk(RSA, private=True), "qi": PRIVATE[0]}]},
        {"keys": jwk(RSA, private=True)},
        [jwk(EC, private=True)],
    ],
    ids=range(4),
)
def test_decryption_keys_that_are_refused_are_not_shown(value: Any) -> None:
    sealed = Secret(value)
    with pytest.raises(UsersManagerError) as caught:
        _parse(sealed)
    assert places_of(PRIVATE, _exposures_below(caught.value)) == []
    with pytest.raises(UsersManagerError) as caught:
        _construct(sealed)
    assert places_of(PRIVATE, _exposures_below(caught.value)) == []


def _parse(value: Secret[Any]) -> None:
    parse_decryption_keys(value)


def _construct(value: Secret[Any]) -> None:
    JwtUserInfo("my-app", decryption_keys=value.reveal())


def _exposures_below(error: BaseException) -> list[Exposure]:
    """Return what an error shows, without the frame of the test."""
    assert error.__traceback__ is not None
    return list(introspection.of_error(error.with_traceback(error.__traceback__.tb_next)))
