"""A token for another API is answered with 401; an outage of the provider with 503."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import re
import socket
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from examples.recipes.tests.loading import RECIPES, load

from usersmanager import (
    AsyncUsersManager,
    InvalidTokenError,
    ProviderUnavailableError,
    UnauthorizedError,
    UsersManager,
)
from usersmanager.oauth import ClientSecretBasic, Introspection, exchange_token
from usersmanager.testing import FaultServer, Peer, Sandbox, profile
from usersmanager.web import error_response

API = "https://orders.example"
OTHER_API = "https://billing.example"
UNKNOWN_KID = "the-unknown-kid"
KEY, OTHER_KEY = (generate_private_key(65537, 2048) for _ in range(2))
PAGE = RECIPES.parents[1] / "docs/recipes/README.md"


def assert_is_a_401_without_the_token(error: InvalidTokenError, token: str) -> None:
    answer = error_response(error)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].endswith('error="invalid_token"')
    shown = f"{error!r} {answer} {''.join(traceback.format_exception(error))}"
    assert not any(part in shown for part in (token, *token.split(".")) if part)
    assert OTHER_API not in shown
    assert UNKNOWN_KID not in shown


# JSON Web Tokens


class Issuer:
    """A server with keys at their usual URL, and profiles. `answer` is what it sends for keys."""

    def __init__(self) -> None:
        self.answer = self._keys({"kid": "1", "use": "sig"})
        self.server = FaultServer(otherwise=self._play)
        self.fetches = 0

    def _play(self, peer: Peer) -> None:
        while request := peer.request():
            if request.startswith(b"GET /userinfo "):
                peer.send(profile("auth0|ada"))
            else:
                assert request.startswith(b"GET /.well-known/jwks.json ")
                self.fetches += 1
                peer.send(self.answer)
                if self.answer in ENDS:
                    ENDS[self.answer](peer)
                return

    @property
    def url(self) -> str:
        return f"{self.server.origin}/"

    def add_key(self, kid: str) -> None:
        self.answer = self._keys({"kid": "1"}, {"kid": kid})

    @staticmethod
    def _keys(*members: dict[str, str]) -> bytes:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return ok(json.dumps({"keys": [public | {"alg": "RS256"} | key for key in members]}))

    def token(self, key: Any = KEY, algorithm: str = "RS256", kid: str = "1", **claims: Any) -> str:
        """Return a token, without the claims that are None."""
        now = int(time.time())
        default = {"iss": self.url, "aud": API, "sub": "auth0|ada", "iat": now, "exp": now + 600}
        present = {name: value for name, value in (default | claims).items() if value is not None}
        return jwt.encode(present, key, algorithm, headers={"kid": kid})


def ok(body: str, *, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    issuer = Issuer()
    with issuer.server:
        monkeypatch.setenv("AUTH0_URL", issuer.server.origin)
        monkeypatch.setenv("API_AUDIENCE", API)
        yield issuer


@pytest.fixture
def tokens(issuer: Issuer) -> Any:
    return load("audience", "jwt_tokens.py")


@pytest.mark.parametrize("audience", [API, [OTHER_API, API]])
def test_the_claims_of_a_token_for_this_api_are_returned(
    tokens: Any, issuer: Issuer, audience: object
) -> None:
    token = issuer.token(aud=audience)
    assert tokens.verify_token(token)["sub"] == "auth0|ada"
    assert tokens.verify_token(token)["aud"] == audience
    assert issuer.fetches == 1


def signed_with_the_public_key(issuer: Issuer) -> str:
    """Return a token whose HMAC key is what everybody knows."""
    secret = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = encode(b'{"alg": "HS256", "kid": "1"}')
    signed = f"{header}.{issuer.token().split('.')[1]}"
    return f"{signed}.{encode(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def tampered(issuer: Issuer) -> str:
    """Return a token whose claims are replaced by those of another one."""
    header, _, signature = issuer.token().split(".")
    return ".".join((header, issuer.token(sub="auth0|eve").split(".")[1], signature))


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


ATTACKS: dict[str, Callable[[Issuer], str]] = {
    "another audience": lambda issuer: issuer.token(aud=OTHER_API),
    "a list of other audiences": lambda issuer: issuer.token(aud=[OTHER_API, f"{API}/"]),
    "no audience": lambda issuer: issuer.token(aud=None),
    "another issuer": lambda issuer: issuer.token(iss="https://evil.example/"),
    "no issuer": lambda issuer: issuer.token(iss=None),
    "expired": lambda issuer: issuer.token(exp=int(time.time()) - 60),
    "no exp": lambda issuer: issuer.token(exp=None),
    "not yet valid": lambda issuer: issuer.token(nbf=int(time.time()) + 600),
    "no subject": lambda issuer: issuer.token(sub=None),
    "unsigned": lambda issuer: issuer.token(None, "none"),
    "no signature": lambda issuer: issuer.token().rpartition(".")[0] + ".",
    "HS256 with the public key": signed_with_the_public_key,
    "another algorithm": lambda issuer: issuer.token(algorithm="RS512"),
    "another key": lambda issuer: issuer.token(OTHER_KEY),
    "an unknown kid": lambda issuer: issuer.token(OTHER_KEY, kid=UNKNOWN_KID),
    "claims of another token": tampered,
    "opaque": lambda _: "an-opaque-token",
    "garbage": lambda _: "~~~.~~~.~~~",
    "nested": lambda _: f"{encode(b'[' * 5000)}.{encode(b'{}')}.{encode(b'x')}",
    "no text": lambda _: f"{encode(bytes([0xFF, 0xFE]))}.{encode(b'{}')}.{encode(b'x')}",
}


@pytest.mark.parametrize("make", ATTACKS.values(), ids=ATTACKS)
def test_any_other_token_is_refused(
    tokens: Any, issuer: Issuer, make: Callable[[Issuer], str]
) -> None:
    token = make(issuer)
    with pytest.raises(InvalidTokenError) as caught:
        tokens.verify_token(token)
    assert_is_a_401_without_the_token(caught.value, token)
    assert tokens.verify_token(issuer.token())["sub"] == "auth0|ada"


TRUNCATED = b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"keys": '
RESET, SILENT = TRUNCATED + b"[", b""
# What follows these bytes; after all others, the connection is closed.
ENDS: dict[bytes, Callable[[Peer], object]] = {RESET: Peer.reset, SILENT: Peer.receive}
OUTAGES = {
    "503": ok("", status="503 Service Unavailable"),
    "a redirect": ok("", status="302 Found\r\nLocation: /elsewhere"),
    "no HTTP": b"\x15\x03\x01\x00\x02\x02\x16\r\n\r\n",
    "closed": b"\r\n",
    "truncated": TRUNCATED,
    "reset": RESET,
    "a web page": ok("<html>We'll be back soon</html>"),
    "no object": ok("[]"),
    "no keys": ok('{"keys": []}'),
    "silent": SILENT,
}


@pytest.mark.parametrize("answer", OUTAGES.values(), ids=OUTAGES)
def test_an_outage_is_a_503_for_as_long_as_it_lasts(
    tokens: Any, issuer: Issuer, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, issuer.answer = issuer.answer, answer
    monkeypatch.setattr(tokens.keys, "timeout", 0.1)
    for _ in range(3):
        with pytest.raises(ProviderUnavailableError) as caught:
            tokens.verify_token(issuer.token())
        assert error_response(caught.value)[::2] == (503, {"Retry-After": "5"})
    assert issuer.fetches == 1, "each call has tried again"

    issuer.answer = keys
    tokens.keys.next_fetch = 0
    assert tokens.verify_token(issuer.token())["sub"] == "auth0|ada"


def test_a_server_that_refuses_connections_is_a_503(tokens: Any, issuer: Issuer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tokens.keys.uri = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(ProviderUnavailableError):
        tokens.verify_token(issuer.token())


def test_concurrent_calls_do_not_wait_for_one_timeout_after_the_other(
    tokens: Any, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer.answer = SILENT
    monkeypatch.setattr(tokens.keys, "timeout", 0.1)
    with ThreadPoolExecutor(20) as pool:
        calls = [pool.submit(tokens.verify_token, issuer.token()) for _ in range(20)]
    assert all(isinstance(call.exception(), ProviderUnavailableError) for call in calls)
    assert issuer.fetches == 1


def test_known_keys_outlast_an_outage(tokens: Any, issuer: Issuer) -> None:
    tokens.keys.cooldown_duration = 0
    tokens.verify_token(issuer.token())
    issuer.answer = OUTAGES["503"]
    with pytest.raises(ProviderUnavailableError):
        tokens.verify_token(issuer.token(kid="2"))
    assert tokens.verify_token(issuer.token())["sub"] == "auth0|ada"


def test_a_new_key_is_fetched_when_a_token_names_it(tokens: Any, issuer: Issuer) -> None:
    tokens.keys.cooldown_duration = 0
    tokens.verify_token(issuer.token())
    issuer.add_key("2")
    assert tokens.verify_token(issuer.token(kid="2"))["sub"] == "auth0|ada"


def test_unknown_keys_do_not_make_the_api_ask_the_provider_each_time(
    tokens: Any, issuer: Issuer
) -> None:
    for number in range(10):
        with pytest.raises(InvalidTokenError):
            tokens.verify_token(issuer.token(OTHER_KEY, kid=f"unknown-{number}"))
    assert issuer.fetches == 1


def test_the_change_on_the_page_puts_it_in_front_of_get_info(tokens: Any, issuer: Issuer) -> None:
    (diff,) = re.findall(r"^```diff\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    before, after = (
        "".join(line[1:] for line in diff.splitlines(True) if line[0] in f" {sign}")
        for sign in "-+"
    )
    source = (RECIPES / "flask/app.py").read_text()
    assert source.count(before) == 1
    module: dict[str, Any] = {"__name__": "app", "verify_token": tokens.verify_token}
    exec(source.replace(before, after), module)  # noqa: S102 - our own page.
    client = module["app"].test_client()

    def status(token: str) -> int:
        response = client.get("/me", headers={"Authorization": f"Bearer {token}"})
        return int(response.status_code)

    with module["users"]:
        assert status(issuer.token()) == 200
        assert status(issuer.token(aud=OTHER_API)) == 401
        tokens.keys.jwk_set_cache.put(None)
        issuer.answer = OUTAGES["503"]
        assert status(issuer.token()) == 503


# Introspection


@pytest.fixture
def introspection(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("API_AUDIENCE", API)
    monkeypatch.setenv("CLIENT_ID", sandbox.client_id)
    monkeypatch.setenv("CLIENT_SECRET", sandbox.client_secret)
    return load("audience", "introspection.py")


@pytest.fixture
def users(sandbox: Sandbox) -> Iterator[UsersManager]:
    with UsersManager.from_issuer(sandbox.base_url) as users:
        yield users


@pytest.fixture
def token_for(sandbox: Sandbox, token: str, users: UsersManager) -> Callable[[str], str]:
    client = ClientSecretBasic(sandbox.client_id, sandbox.client_secret)
    return lambda audience: (
        users.call(exchange_token(token, audience=audience, client=client)).access_token
    )


def test_a_token_for_this_api_passes(
    introspection: Any, users: UsersManager, sandbox: Sandbox, token_for: Callable[[str], str]
) -> None:
    token = token_for(API)
    introspection.check_audience(users.call(introspection.introspection(token)))

    async def call() -> Introspection:
        async with AsyncUsersManager.from_issuer(sandbox.base_url) as users:
            return await users.call(introspection.introspection(token))

    introspection.check_audience(asyncio.run(call()))


OPAQUE_TOKENS: dict[str, Callable[[Sandbox, Callable[[str], str]], str]] = {
    "another audience": lambda _, token_for: token_for(OTHER_API),
    "no audience": lambda sandbox, _: sandbox.issue_token("auth0|ada"),
    "expired": lambda sandbox, _: sandbox.issue_token("auth0|ada", expires_in=0),
    "unknown": lambda _, __: "an-unknown-token",
}


@pytest.mark.parametrize("make", OPAQUE_TOKENS.values(), ids=OPAQUE_TOKENS)
def test_any_other_opaque_token_is_refused(
    introspection: Any,
    users: UsersManager,
    sandbox: Sandbox,
    token_for: Callable[[str], str],
    make: Callable[[Sandbox, Callable[[str], str]], str],
) -> None:
    token = make(sandbox, token_for)
    info = users.call(introspection.introspection(token))
    with pytest.raises(InvalidTokenError) as caught:
        introspection.check_audience(info)
    assert_is_a_401_without_the_token(caught.value, token)


def test_a_revoked_token_is_refused_though_it_was_for_this_api(
    introspection: Any, users: UsersManager, sandbox: Sandbox, token_for: Callable[[str], str]
) -> None:
    token = token_for(API)
    sandbox.revoke(token)
    with pytest.raises(InvalidTokenError):
        introspection.check_audience(users.call(introspection.introspection(token)))


@pytest.mark.parametrize("audience", [API, [OTHER_API, API]])
def test_an_audience_is_a_name_or_a_list(introspection: Any, audience: object) -> None:
    introspection.check_audience(Introspection({"active": True, "aud": audience}))


@pytest.mark.parametrize("audience", [None, "", f"{API}/v2", [], [None], {API: 1}, 7])
def test_no_other_audience_passes(introspection: Any, audience: object) -> None:
    with pytest.raises(InvalidTokenError):
        introspection.check_audience(Introspection({"active": True, "aud": audience}))


def test_an_outage_of_the_introspection_endpoint_is_a_503(
    introspection: Any, users: UsersManager, sandbox: Sandbox, token: str
) -> None:
    users.call(introspection.introspection(token))  # Reads the metadata.
    sandbox.fail_next(501)
    with pytest.raises(ProviderUnavailableError) as caught:
        users.call(introspection.introspection(token))
    assert error_response(caught.value).status == 503


def test_a_wrong_client_secret_is_a_502_not_a_401(
    introspection: Any, users: UsersManager, sandbox: Sandbox, token: str
) -> None:
    introspection.client = ClientSecretBasic(sandbox.client_id, "wrong")
    with pytest.raises(UnauthorizedError) as caught:
        users.call(introspection.introspection(token))
    assert error_response(caught.value).status == 502
