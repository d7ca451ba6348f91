"""The plugin in calls of managers: what it sends, accepts and refuses, and its place."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from tests.plugins.cache.support import SECRET, LockingStore
from tests.plugins.jwt.provider import JSON, JWT, Provider, get_info
from tests.plugins.jwt.tokens import (
    EC,
    ISSUER,
    OTHER_EC,
    RSA,
    claims,
    encrypt,
    jwk,
    sign,
)
from tests.support import TENANT

from usersmanager import (
    ArgumentError,
    ConnectError,
    DecodeError,
    PluginError,
    ProviderUnavailableError,
    Request,
    Response,
    SubjectMismatchError,
    UnauthorizedError,
    UsersManager,
    UsersManagerError,
)
from usersmanager.plugins import Flow, Proceed, hookimpl
from usersmanager.testing import FakeTransport
from usersmanager.web import error_response
from usersmanager_cache import Cache
from usersmanager_jwt import JwtUserInfo
from usersmanager_logging import Logging
from usersmanager_retry import Retry


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def plugin() -> JwtUserInfo:
    return JwtUserInfo("my-app")


def test_a_signed_profile_becomes_a_user(mode: Any, provider: Provider, plugin: Any) -> None:
    (profile,) = get_info(mode, provider, plugins=[plugin], expected_subject="ada")
    assert profile.sub == "ada"
    assert profile["iss"] == ISSUER
    assert provider.paths == ["/userinfo", "/keys"]


def test_an_encrypted_profile_becomes_a_user(mode: Any, provider: Provider) -> None:
    keys = {"keys": [jwk(RSA, private=True)]}
    provider.profile = lambda subject: encrypt(sign(payload=claims(sub=subject)))
    (profile,) = get_info(mode, provider, plugins=[JwtUserInfo("my-app", decryption_keys=keys)])
    assert profile.sub == "ada"


def test_the_client_still_judges_the_profile(mode: Any, provider: Provider, plugin: Any) -> None:
    with pytest.raises(SubjectMismatchError):
        get_info(mode, provider, plugins=[plugin], expected_subject="grace")
    provider.profile = lambda _: sign(payload=claims(sub=None))
    with pytest.raises(DecodeError, match="sub"):
        get_info(mode, provider, plugins=[plugin])


def test_both_requests_say_what_they_accept_and_only_one_has_the_token(
    mode: Any, provider: Provider, plugin: Any
) -> None:
    get_info(mode, provider, "ada", "grace", plugins=[plugin])
    profile, keys, again = provider.requests
    assert profile.headers["Accept"].startswith("application/jwt")
    assert again.headers["Accept"] == profile.headers["Accept"]
    assert "application/jwk-set+json" in keys.headers["Accept"]
    assert "Authorization" not in keys.headers_to_send()
    assert profile.headers_to_send()["Authorization"] == "Bearer ada"
    assert keys.operation == "fetch_keys"


@pytest.mark.parametrize(
    "response",
    [
        Response(200, JSON, b'{"sub": "ada"}'),
        Response(200, JSON, sign()),
        Response(200, {}, sign()),
        Response(200, {"Content-Type": "application/jwt-like"}, sign()),
        Response(200, [("Content-Type", "application/jwt"), ("Content-Type", "text/html")], sign()),
        Response(204),
    ],
)
def test_what_is_not_sent_as_a_jwt_is_refused(
    mode: Any, provider: Provider, plugin: Any, response: Response
) -> None:
    provider.outcomes["/userinfo"] = [response]
    with pytest.raises(DecodeError, match="is not signed: set userinfo_signed_response_alg"):
        get_info(mode, provider, plugins=[plugin])
    assert provider.paths == ["/userinfo"]


def test_the_media_type_may_have_parameters_and_any_case(
    mode: Any, provider: Provider, plugin: Any
) -> None:
    kind = {"Content-Type": "Application/JWT; charset=utf-8"}
    provider.outcomes["/userinfo"] = [Response(200, kind, sign())]
    assert get_info(mode, provider, plugins=[plugin])[0].sub == "ada"


def test_what_is_refused_is_a_decode_error_with_its_place(
    mode: Any, provider: Provider, plugin: Any
) -> None:
    provider.profile = lambda _: sign(OTHER_EC)
    with pytest.raises(DecodeError) as caught:
        get_info(mode, provider, plugins=[plugin])
    assert str(caught.value) == (
        f"get_info at {ISSUER} failed: the profile has a signature that is not valid"
    )


def test_the_log_record_of_the_call_says_why(
    mode: Any, provider: Provider, plugin: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "usersmanager.call")
    get_info(mode, provider, plugins=[plugin, Logging()])
    provider.profile = lambda _: sign(OTHER_EC)
    with pytest.raises(DecodeError):
        get_info(mode, provider, plugins=[plugin, Logging()])
    notes = [vars(record)["jwt"] for record in caplog.records if hasattr(record, "jwt")]
    assert notes == ["verified", "the profile has a signature that is not valid"]


def test_an_error_status_passes_unchanged(mode: Any, provider: Provider, plugin: Any) -> None:
    challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    provider.outcomes["/userinfo"] = [Response(401, challenge)]
    with pytest.raises(UnauthorizedError) as caught:
        get_info(mode, provider, plugins=[plugin])
    assert caught.value.error == "invalid_token"
    assert provider.paths == ["/userinfo"]


def test_other_fields_of_the_response_are_kept(provider: Provider, plugin: Any) -> None:
    seen: list[Response] = []

    class Observer:
        @hookimpl
        def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
            response = yield from proceed(request)
            seen.append(response)
            return response

    fields = JWT | {"Date": "Sun, 06 Nov 1994 08:49:37 GMT", "X-RateLimit-Remaining": "5"}
    provider.outcomes["/userinfo"] = [Response(200, fields, sign())]
    with UsersManager.from_issuer(
        ISSUER, transport=provider, discover=False, plugins=[Observer(), plugin]
    ) as users:
        users.get_info("ada")
    response = seen[-1]
    assert json.loads(response.body)["sub"] == "ada"
    assert response.headers.getall("Content-Type") == ["application/json"]
    assert response.date == 784111777
    assert response.rate_limit is not None


# The metadata of the provider.


def test_without_metadata_the_first_call_is_refused_and_nothing_is_sent(
    mode: Any, plugin: Any
) -> None:
    fake = FakeTransport()
    with pytest.raises(PluginError, match="from_issuer"):
        mode.call(
            "get_info", "ada", base_url=TENANT, transport=fake, plugins=[plugin], discover=False
        )
    assert fake.requests == []


def test_other_operations_are_left_alone(mode: Any, impersonation: Any, plugin: Any) -> None:
    fake = FakeTransport().link("https://tenant.example/link")
    options = {"transport": fake, "plugins": [plugin], "discover": False, "client_id": "client"}
    link = mode.call("impersonate", "auth0|ada", impersonation(), base_url=TENANT, **options)
    assert link == "https://tenant.example/link"


@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        (None, "jwks_uri"),
        (7, "jwks_uri"),
        ({"url": ["https://issuer.example/keys"]}, "jwks_uri"),
        ("http://issuer.example/keys", "https"),
        ("", "jwks"),
    ],
)
def test_a_provider_without_a_usable_key_set_is_an_error(
    mode: Any, provider: Provider, plugin: Any, uri: Any, problem: str
) -> None:
    provider.metadata["jwks_uri"] = uri
    if uri is None:
        del provider.metadata["jwks_uri"]
    with pytest.raises(DecodeError, match=problem):
        get_info(mode, provider, plugins=[plugin])


def test_the_key_set_may_be_on_another_host(mode: Any, provider: Provider, plugin: Any) -> None:
    provider.metadata["jwks_uri"] = "https://cdn.example/keys"
    assert get_info(mode, provider, plugins=[plugin])[0].sub == "ada"
    assert provider.requests[1].origin == "https://cdn.example"


# The keys.


def test_keys_are_fetched_once_for_all_calls_and_managers(
    mode: Any, provider: Provider, plugin: Any
) -> None:
    get_info(mode, provider, "ada", "grace", plugins=[plugin])
    get_info(mode, provider, "ada", plugins=[plugin])
    assert provider.paths.count("/keys") == 1


def test_a_rotated_key_is_found(mode: Any, provider: Provider, plugin: Any) -> None:
    get_info(mode, provider, plugins=[plugin])
    provider.published = {"keys": [jwk(OTHER_EC, kid="3")]}
    provider.profile = lambda subject: sign(OTHER_EC, claims(sub=subject), kid="3")
    get_info(mode, provider, "ada", "grace", plugins=[plugin])
    assert provider.paths.count("/keys") == 2


def test_a_rotated_key_is_found_if_keys_have_no_id(
    mode: Any, provider: Provider, plugin: Any
) -> None:
    provider.published = {"keys": [jwk(EC)]}
    get_info(mode, provider, plugins=[plugin])
    provider.published = {"keys": [jwk(OTHER_EC)]}
    provider.profile = lambda subject: sign(OTHER_EC, claims(sub=subject), kid=None)
    get_info(mode, provider, plugins=[plugin])
    assert provider.paths.count("/keys") == 2


def test_a_bad_signature_under_a_known_id_fetches_nothing(
    mode: Any, provider: Provider, plugin: Any
) -> None:
    get_info(mode, provider, plugins=[plugin])
    provider.profile = lambda _: sign(OTHER_EC)
    for _ in range(2):
        with pytest.raises(DecodeError):
            get_info(mode, provider, plugins=[plugin])
    assert provider.paths.count("/keys") == 1


def test_a_flood_of_unknown_keys_fetches_once_a_minute(
    mode: Any, provider: Provider, plugin: Any
) -> None:
    provider.profile = lambda subject: sign(kid=f"unknown {subject}")
    for number in range(5):
        with pytest.raises(DecodeError, match="does not publish"):
            get_info(mode, provider, f"{number}", plugins=[plugin])
    assert provider.paths.count("/keys") == 2


@pytest.mark.parametrize(
    ("outcome", "kind", "status"),
    [
        (ConnectError("no"), ConnectError, 503),
        (Response(503), ProviderUnavailableError, 503),
        (Response(429, {"Retry-After": "7"}), ProviderUnavailableError, 503),
        (Response(401), DecodeError, 502),
        (Response(403), DecodeError, 502),
        (Response(404), DecodeError, 502),
        (Response(302, {"Location": "https://elsewhere.example"}), DecodeError, 502),
        (Response(200, JSON, b"["), DecodeError, 502),
        (Response(200, JSON, b"{}"), DecodeError, 502),
        (Response(200, JSON, b'{"keys": [], "keys": []}'), DecodeError, 502),
        (Response(200, {"Content-Type": "text/html"}, b"{}"), DecodeError, 502),
    ],
)
def test_a_failure_to_fetch_keys_is_never_the_failure_of_the_user(
    mode: Any, provider: Provider, plugin: Any, outcome: Any, kind: type, status: int
) -> None:
    provider.outcomes["/keys"] = [outcome]
    with pytest.raises(UsersManagerError) as caught:
        get_info(mode, provider, plugins=[plugin])
    assert isinstance(caught.value, kind)
    assert not isinstance(caught.value, UnauthorizedError)
    answer = error_response(caught.value)
    assert answer.status == status
    if isinstance(outcome, Response) and outcome.status == 429:
        assert answer.headers["Retry-After"] == "7"
    assert get_info(mode, provider, plugins=[plugin])[0].sub == "ada"


# The place of the plugin.


def test_it_is_inside_every_cache_and_outside_the_retry() -> None:
    retry, cache, jwt = Retry(wait=0), Cache(), JwtUserInfo("my-app")
    with UsersManager(
        TENANT, transport=FakeTransport(), discover=False, plugins=[jwt, retry, cache]
    ) as users:
        assert "call=cache,jwt,retry" in repr(users)


def test_what_is_cached_has_been_verified(mode: Any, provider: Provider, plugin: Any) -> None:
    plugins = [plugin, Cache()]
    (first, second) = get_info(mode, provider, "ada", "ada", plugins=plugins)
    assert first == second
    assert provider.paths == ["/userinfo", "/keys"]
    provider.profile = lambda _: sign(OTHER_EC)
    for _ in range(2):
        with pytest.raises(DecodeError):
            get_info(mode, provider, "eve", plugins=plugins)
    assert provider.paths[2:] == ["/userinfo"] * 2


class Unverified(JwtUserInfo):
    """A subclass that verifies nothing."""

    @hookimpl(trylast=True)
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        return proceed(request)


@pytest.mark.parametrize(
    "other",
    [
        [],
        [Unverified("my-app")],
        [type("JwtUserInfo", (Unverified,), {})("my-app")],
        [JwtUserInfo("another-app")],
        [JwtUserInfo("my-app", algorithms=["ES256"])],
        [JwtUserInfo("my-app", leeway=5)],
    ],
)
@pytest.mark.parametrize("is_stored", [False, True])
def test_a_cache_never_hands_it_what_it_would_not_have_verified(
    mode: Any, provider: Provider, plugin: Any, other: list[Any], is_stored: bool
) -> None:
    cache = Cache(store=LockingStore(), secret=SECRET) if is_stored else Cache()
    is_verified = bool(other) and not isinstance(other[0], Unverified)
    body = sign(payload=claims(aud=["my-app", "another-app"])) if is_verified else b'{"sub": "ada"}'
    provider.outcomes["/userinfo"] = [Response(200, JWT if is_verified else JSON, body)]
    assert get_info(mode, provider, plugins=[cache, *other])[0].sub == "ada"
    provider.profile = lambda _: b"no profile"
    with pytest.raises(DecodeError):
        get_info(mode, provider, plugins=[cache, plugin])


def test_managers_with_equal_settings_share_a_cache(mode: Any, provider: Provider) -> None:
    cache = Cache()
    for _ in range(2):
        get_info(mode, provider, plugins=[cache, JwtUserInfo("my-app")])
    assert provider.paths.count("/userinfo") == 1


def test_a_profile_verified_with_other_keys_is_another_one(
    mode: Any, provider: Provider, plugin: Any
) -> None:
    cache = Cache()
    keys = Response(200, JSON, json.dumps({"keys": [jwk(OTHER_EC, kid="1")]}).encode())
    provider.outcomes["/other-keys"] = [keys]
    provider.profile = lambda subject: sign(OTHER_EC, claims(sub=subject))
    endpoints = {"jwks_uri": f"{ISSUER}/other-keys"}
    get_info(mode, provider, plugins=[cache, plugin], endpoints=endpoints)
    with pytest.raises(DecodeError, match="signature that is not valid"):
        get_info(mode, provider, plugins=[cache, plugin])


def test_without_metadata_not_even_a_cached_profile_is_returned() -> None:
    cache, url = Cache(), TENANT
    with UsersManager(url, transport=FakeTransport().profile("u"), plugins=[cache]) as users:
        users.get_info("token")
    plugins = [cache, JwtUserInfo("my-app")]
    with (
        UsersManager(url, transport=FakeTransport(), plugins=plugins) as users,
        pytest.raises(PluginError, match="from_issuer"),
    ):
        users.get_info("token")


def test_a_refused_profile_leaves_no_lock_in_a_shared_store(
    mode: Any, provider: Provider, plugin: Any
) -> None:
    store = LockingStore()
    provider.profile = lambda _: sign(OTHER_EC)
    with pytest.raises(DecodeError):
        get_info(mode, provider, plugins=[plugin, Cache(store=store, secret=SECRET)])
    assert "add" in store.calls
    assert store.values == {}


def test_a_cached_profile_ends_with_its_exp(mode: Any, provider: Provider, plugin: Any) -> None:
    provider.profile = lambda _: sign(payload=claims(exp=int(time.time()) - 5))
    get_info(mode, provider, "ada", "ada", plugins=[plugin, Cache()])
    assert provider.paths.count("/userinfo") == 2


def test_both_requests_are_retried(mode: Any, provider: Provider, plugin: Any) -> None:
    provider.outcomes = {"/userinfo": [Response(503)], "/keys": [Response(503), Response(502)]}
    (profile,) = get_info(mode, provider, plugins=[plugin, Retry(wait=0)])
    assert profile.sub == "ada"
    assert provider.paths == ["/userinfo"] * 2 + ["/keys"] * 3
    assert [request.attempt for request in provider.requests] == [1, 2, 1, 2, 3]


def test_the_requests_have_one_deadline(mode: Any, provider: Provider, plugin: Any) -> None:
    get_info(mode, provider, plugins=[plugin], timeout=7)
    profile, keys = provider.requests
    assert profile.deadline.moment == keys.deadline.moment


def test_one_instance_serves_several_providers(mode: Any, plugin: Any) -> None:
    one, other = Provider(), Provider()
    other.metadata["jwks_uri"] = f"{ISSUER}/other-keys"
    keys = Response(200, JSON, json.dumps({"keys": [jwk(OTHER_EC, kid="1")]}).encode())
    other.outcomes["/other-keys"] = [keys]
    other.profile = lambda subject: sign(OTHER_EC, claims(sub=subject))
    for provider in (one, other, one, other):
        assert get_info(mode, provider, plugins=[plugin])[0].sub == "ada"


def test_keys_from_an_endpoint_that_a_manager_has_set_are_trusted_by_no_other_manager(
    mode: Any, provider: Provider, plugin: Any
) -> None:
    keys = Response(200, JSON, json.dumps({"keys": [jwk(OTHER_EC, kid="1")]}).encode())
    provider.outcomes["/other-keys"] = [keys]
    provider.profile = lambda subject: sign(OTHER_EC, claims(sub=subject))
    endpoints = {"jwks_uri": f"{ISSUER}/other-keys"}
    assert get_info(mode, provider, plugins=[plugin], endpoints=endpoints)[0].sub == "ada"
    with pytest.raises(DecodeError, match="signature that is not valid"):
        get_info(mode, provider, plugins=[plugin])


@pytest.mark.parametrize("is_cached", [False, True])
def test_keys_that_were_fetched_by_http_are_trusted_only_where_that_is_allowed(
    mode: Any, provider: Provider, plugin: Any, is_cached: bool
) -> None:
    provider.metadata["jwks_uri"] = "http://issuer.example/keys"
    plugins = [Cache(), plugin] if is_cached else [plugin]
    assert get_info(mode, provider, plugins=plugins, allow_insecure=True)[0].sub == "ada"
    with pytest.raises(DecodeError, match="http, not https"):
        get_info(mode, provider, plugins=plugins)


# Its arguments.


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"client_id": ""}, 'your client, such as "my-app"'),
        ({"client_id": " "}, 'your client, such as "my-app"'),
        ({"client_id": None}, 'your client, such as "my-app"'),
        ({"client_id": ["my-app"]}, 'your client, such as "my-app"'),
        ({"algorithms": "RS256"}, "algorithms"),
        ({"algorithms": ()}, "algorithms"),
        ({"algorithms": None}, "algorithms"),
        ({"algorithms": ["RS256", "none"]}, "algorithms"),
        ({"algorithms": ["HS256"]}, "algorithms"),
        ({"algorithms": [["RS256"]]}, "algorithms"),
        ({"decryption_keys": {}}, r'private keys, such as {"keys": \[\.\.\.\]}'),
        ({"decryption_keys": {"keys": [jwk(EC)]}}, "decryption_keys"),
        ({"leeway": -1}, "^leeway must be .* 0 or more$"),
        ({"leeway": float("nan")}, "^leeway must be .* 0 or more$"),
        ({"leeway": float("inf")}, "^leeway must be .* 0 or more$"),
        ({"leeway": True}, "^leeway must be .* 0 or more$"),
        ({"leeway": "60"}, "^leeway must be .* 0 or more$"),
    ],
)
def test_an_invalid_argument_is_an_error(arguments: dict[str, Any], problem: str) -> None:
    with pytest.raises(ArgumentError, match=problem):
        JwtUserInfo(**{"client_id": "my-app"} | arguments)
