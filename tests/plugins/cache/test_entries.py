"""What is kept, under which key, and who gets it."""

from __future__ import annotations

import asyncio
import gc
import json
import random
import resource
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.cache.calling import JSON, Provider, Swaps
from tests.plugins.cache.clocks import Clocks
from tests.support import TENANT, make_request

from usersmanager import (
    AsyncUsersManager,
    Request,
    Response,
    ServerError,
    SubjectMismatchError,
    UsersManager,
    UsersManagerError,
)
from usersmanager.plugins import Flow, Proceed, Token, hookimpl, run_flow
from usersmanager.testing import FakeTransport
from usersmanager_cache import Cache
from usersmanager_cache.key import Scopes, key_of
from usersmanager_headers import Headers


def body_of(size: int) -> bytes:
    """Return a profile with exactly so many bytes."""
    empty = json.dumps({"sub": "ada", "text": ""}).encode()
    return json.dumps({"sub": "ada", "text": "x" * (size - len(empty))}).encode()


def test_a_second_call_is_answered_without_a_request(caller: Any) -> None:
    call = caller()
    assert call() == call() == {"sub": "ada", "version": 1}
    assert call.requests == 1


def test_each_caller_gets_a_profile_of_its_own(caller: Any) -> None:
    call = caller()
    call()
    call()["sub"] = "mallory"
    assert call()["sub"] == "ada"
    assert call.requests == 1


def test_users_are_kept_apart(caller: Any) -> None:
    call = caller()
    assert [call(token).sub for token in ("ada", "bob", "ada", "bob")] == ["ada", "bob"] * 2
    assert call.requests == 2


@pytest.mark.parametrize(
    ("response", "is_kept"),
    [
        (Response(200, JSON, b'{"sub": "ada"}'), True),
        (Response(200, {"content-type": "application/json; charset=utf-8"}, b'{"sub":"a"}'), True),
        (Response(200, {"Content-Type": "application/x+json"}, b'{"sub": "ada"}'), True),
        (Response(200, [*JSON.items()] * 2, b'{"sub": "ada"}'), True),
        (Response(200, JSON | {"Cache-Control": "no-store"}, b'{"sub": "ada"}'), True),
        (Response(200, JSON, body_of(64 * 1024)), True),
        (Response(200, JSON, body_of(64 * 1024 + 1)), False),
        (Response(201, JSON, b'{"sub": "ada"}'), False),
        (Response(200, JSON, b'{"sub": ""}'), False),
        (Response(200, JSON, b'{"sub": 1}'), False),
        (Response(200, JSON, b'{"sub": "a", "sub": "b"}'), False),
        (Response(200, JSON, b"[]"), False),
        (Response(200, JSON, b""), False),
        (Response(200, {}, b'{"sub": "ada"}'), False),
        (Response(200, {"Content-Type": "text/html"}, b'{"sub": "ada"}'), False),
        (Response(200, JSON | {"Content-Encoding": "gzip"}, b'{"sub": "ada"}'), False),
        (Response(204), False),
        (Response(301, {"Location": "/"}), False),
        (Response(400, JSON, b'{"sub": "ada"}'), False),
        (Response(404), False),
        (Response(500, JSON, b'{"sub": "ada"}'), False),
    ],
    ids=lambda value: value if isinstance(value, bool) else None,
)
def test_only_a_profile_is_kept(caller: Any, response: Response, is_kept: bool) -> None:
    call = caller()
    call.provider.outcome = response
    results = []
    for _ in range(2):
        try:
            results.append(call())
        except UsersManagerError as error:
            results.append((type(error), str(error)))
    assert results[0] == results[1]
    assert (call.requests == 1) is is_kept
    assert (call.stats.entries == 1) is is_kept


class Watch:
    """A plugin outside the cache that keeps the last response."""

    @hookimpl
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        self.response = yield from proceed(request)
        return self.response


def test_only_the_type_is_kept_of_the_fields(caller: Any) -> None:
    call, watch = caller(), Watch()
    fields = {"Content-Type": "application/json", "Set-Cookie": "id=1", "X-RateLimit-Limit": "10"}
    call.provider.outcome = Response(200, fields, b'{"sub": "ada"}')
    call(plugins=[watch, call.cache])
    call(plugins=[watch, call.cache])
    assert dict(watch.response.headers) == JSON


def test_links_are_not_kept(mode: Any) -> None:
    fake = FakeTransport().link("https://tenant.example/1").link("https://tenant.example/2")
    settings = {"impersonator_id": "boss", "protocol": "oauth2", "token": "t"}
    call = ("impersonate", ("auth0|ada", settings), {})
    cache = Cache()
    links = mode.calls(
        [call, call],
        base_url=TENANT,
        transport=fake,
        plugins=[cache],
        discover=False,
        client_id="c",
    )
    assert [link[-1] for link in links] == ["1", "2"]
    assert cache.stats == Cache().stats


class Adds:
    """A plugin that adds header fields."""

    def __init__(self, **fields: str) -> None:
        self._fields = {name.replace("_", "-"): value for name, value in fields.items()}

    @hookimpl
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        return proceed(request.with_headers(self._fields))


class Scheme:
    """A plugin that sends the token by another authentication scheme."""

    def __init__(self, scheme: str) -> None:
        self._scheme = scheme

    @hookimpl
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        return proceed(request.with_token(request.token, scheme=self._scheme))


class Means:
    """A plugin on which the meaning of a response depends."""

    def __init__(self, variant: str) -> None:
        self._variant = variant

    @hookimpl
    def usersmanager_variant(self) -> str:
        return self._variant


@pytest.mark.parametrize(
    ("changes", "is_other"),
    [
        ({}, False),
        ({"base_url": "https://another.example"}, True),
        ({"base_url": "https://tenant.example:8443"}, True),
        ({"base_url": "https://tenant.example/path"}, True),
        ({"headers": {"X-Tenant": "8"}}, True),
        ({"headers": {"X-Tenant": "7", "X-More": "1"}}, True),
        ({"headers": {}}, True),
        ({"headers": {"x-tenant": "7"}}, False),
        ({"headers": {"User-Agent": "another", "X-Tenant": "7"}}, False),
        ({"outside": Adds(X_Tenant="8")}, True),
        ({"outside": Adds(User_Agent="another")}, False),
        ({"outside": Scheme("DPoP")}, True),
        ({"outside": Scheme("bearer")}, False),
        ({"inside": Adds(X_Tenant="8")}, False),
        ({"inside": Means("verified")}, True),
        ({"inside": Headers({"X-Region": "eu"})}, True),
        ({"inside": Headers({"User-Agent": "another"})}, False),
        ({"inside": Headers(lambda request: {"X-Attempt": str(request.attempt)})}, False),
    ],
)
def test_the_rest_of_the_request_must_be_equal(
    caller: Any, changes: dict[str, Any], is_other: bool
) -> None:
    call = caller()
    settings = {"headers": {"X-Tenant": "7"}}
    call(**settings)
    changes = dict(changes)
    outside, inside = changes.pop("outside", None), changes.pop("inside", None)
    plugins = [plugin for plugin in (outside, call.cache, inside) if plugin is not None]
    call(**settings | changes, plugins=plugins)
    assert (call.requests == 2) is is_other


@pytest.mark.parametrize(
    ("other", "is_other"),
    [
        (Means("for my-app"), False),
        (Means("for another"), True),
        (Adds(), True),
        (Headers({"X-Region": "eu"}), True),
    ],
)
def test_an_entry_answers_only_where_it_means_the_same(
    caller: Any, other: object, is_other: bool
) -> None:
    call = caller()
    for plugin in (Means("for my-app"), other, other):
        call(plugins=[call.cache, plugin])
    assert call.requests == (2 if is_other else 1)


def test_an_entry_of_a_plugin_inside_does_not_answer_where_the_plugin_is_outside(
    caller: Any,
) -> None:
    call, plugin = caller(), Means("for my-app")
    for plugins in ([plugin, call.cache], [call.cache, plugin], [call.cache, plugin]):
        call(plugins=plugins)
    assert call.requests == 2


def test_namespaces_and_tokens_are_kept_apart_in_the_key() -> None:
    keys = {key_of(name, Token(token)) for name in ("a", "ab") for token in ("bc", "c", "b")}
    assert len(keys) == 6
    assert all(len(key) == 32 for key in keys)


def test_requests_with_the_same_headers_are_told_apart_by_the_rest() -> None:
    scopes, request = Scopes(), make_request()
    changes = [{}, {"target": "/other"}, {"origin": "https://b.example"}, {"method": "POST"}, {}]
    found = [scopes.of(make_request(headers=request.headers, **change)) for change in changes]
    assert found[0] == found[-1]
    assert len(set(found)) == 4


def test_the_scope_of_a_request_follows_its_variant() -> None:
    scopes, request = Scopes(), make_request()
    first = scopes.of(request)
    request.call.variant = (("jwt", "my-app"),)
    assert scopes.of(request) != first
    request.call.variant = ()
    assert scopes.of(request) == first


def test_the_expected_subject_is_compared_on_a_hit(caller: Any) -> None:
    call = caller()
    call()
    with pytest.raises(SubjectMismatchError):
        call(expected_subject="bob")
    assert call(expected_subject="ada").sub == "ada"
    assert call.requests == 1


class Refreshes:
    """A plugin that replaces a rejected token."""

    def __init__(self, token: str) -> None:
        self._token = token

    @hookimpl
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        response = yield from proceed(request)
        if response.status != 401:
            return response
        return (yield from proceed(request.with_token(self._token)))


def test_an_answer_for_another_token_than_the_caches_is_not_kept(caller: Any) -> None:
    call = caller()
    assert call(plugins=[call.cache, Swaps("bob")]).sub == "bob"
    assert call(plugins=[call.cache]).sub == "ada"
    assert call(plugins=[Swaps("cid"), call.cache, Swaps("bob")]).sub == "bob"
    assert call("cid").sub == "cid"
    assert call.requests == 4


class Joins:
    """A plugin that lets calls for the same profile share a request, even of several caches."""

    def __init__(self) -> None:
        self._response: Response | None = None

    @hookimpl
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        self._response = self._response or (yield from proceed(request))
        return self._response


def test_an_answer_that_a_plugin_inside_has_from_another_call_is_not_kept(caller: Any) -> None:
    call = caller()
    plugins = [call.cache, Joins()]
    for _ in range(2):  # Forgotten, but the plugin inside does not know.
        call(plugins=plugins)
        call.cache.forget("ada")
    call(plugins=plugins)
    assert call()["version"] == 2
    assert (call.stats.entries, call.requests) == (1, 2)


def test_a_cache_does_not_keep_what_another_one_has_kept(caller: Any, clocks: Clocks) -> None:
    call = caller(max_age=60)
    plugins = [call.cache, Cache(max_age=100, stale_if_error=100)]
    call(plugins=plugins)
    call.provider.outcome = Response(503)
    clocks.advance(80)
    assert call(plugins=plugins)["version"] == 1  # The other cache has a hit.
    clocks.advance(70)
    assert call(plugins=plugins)["version"] == 1  # A stale one.
    clocks.advance(55)
    with pytest.raises(ServerError):
        call(plugins=plugins)
    assert call.stats.hits == 0


def test_a_request_with_a_body_is_not_answered_with_the_profile_for_another(caller: Any) -> None:
    call = caller()
    for body in (b"tenant=a", b"tenant=b"):
        call(plugins=[Rebuilds(body=body, method="POST"), call.cache])
    assert [request.body for request in call.provider.requests] == [b"tenant=a", b"tenant=b"]


class Rebuilds:
    """A plugin that makes a new request."""

    def __init__(self, **changes: Any) -> None:
        self._changes = changes

    @hookimpl
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        fields = {name: getattr(request, name) for name in Request.__dataclass_fields__}
        return proceed(Request(**{**fields, **self._changes}))


def test_inside_a_plugin_that_changes_the_token_the_new_one_is_cached(caller: Any) -> None:
    call = caller()
    for _ in range(3):
        assert call(plugins=[Swaps("bob"), call.cache]).sub == "bob"
    assert call("bob").sub == "bob"
    assert call.requests == 1


def test_a_refreshed_token_is_cached_and_the_rejected_one_remembered(caller: Any) -> None:
    call = caller(negative_max_age=30)
    rejected = Response(401, JSON, b'{"error": "invalid_token"}')
    profile = call.provider.profile
    call.provider.profile = lambda request: (
        rejected if request.token.reveal() == "old" else profile(request)
    )
    for _ in range(3):
        assert call("old", plugins=[Refreshes("new"), call.cache]).sub == "new"
    assert [request.token.reveal() for request in call.provider.requests] == ["old", "new"]


def test_entries_are_bounded_and_the_least_recently_used_makes_room(caller: Any) -> None:
    call = caller(max_entries=2)
    for token in ("ada", "bob", "ada", "cid"):
        call(token)
    assert (call.stats.entries, call.requests) == (2, 3)
    call("ada")
    assert call.requests == 3
    call("bob")
    assert call.requests == 4


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of the process from /proc")
def test_a_million_tokens_take_no_more_memory_than_ten_thousand() -> None:
    cache = Cache(negative_max_age=30)
    profile = Response(200, JSON, b'{"sub": "u"}')
    rejected = Response(401, JSON, b'{"error": "invalid_token"}')

    def flow(request: Request) -> Flow[Response]:
        request.call.attempts += 1
        return profile if request.token.reveal()[-1] in "02468" else rejected
        yield

    def fill(numbers: range) -> int:
        for number in numbers:
            request = make_request(token=Token(f"token-{number}"))
            run_flow(cache.usersmanager_wrap_call(request, flow))
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    before = fill(range(100_000))
    after = fill(range(100_000, 1_000_000))
    assert cache.stats.entries == 10_000
    assert cache.stats.misses == 1_000_000
    assert after < before + 2_000_000


@pytest.mark.slow
def test_many_threads_and_tasks_get_their_own_profiles(clocks: Clocks) -> None:
    cache, provider = Cache(max_entries=500, stale_if_error=10), Provider()
    settings = {"transport": provider, "plugins": [cache], "discover": False}
    wrong: list[str] = []

    def tokens(seed: int) -> list[str]:
        return [f"user-{number}" for number in random.Random(seed).choices(range(1_000), k=500)]

    def work(seed: int) -> None:
        with UsersManager(TENANT, **settings) as users:
            wrong.extend(token for token in tokens(seed) if users.get_info(token).sub != token)

    async def tasks() -> None:
        async with AsyncUsersManager(TENANT, **settings) as users:
            for seed in range(10):
                found = await asyncio.gather(*[users.get_info(t) for t in tokens(seed) * 2])
                wrong.extend(t for t, p in zip(tokens(seed) * 2, found, strict=True) if p.sub != t)

    with ThreadPoolExecutor(64) as pool:
        loops = [pool.submit(asyncio.run, tasks()) for _ in range(2)]
        list(pool.map(work, range(64)))
        for loop in loops:
            loop.result()
    stats = cache.stats
    assert not wrong
    assert stats.entries == 500
    assert stats.hits + stats.misses + stats.waits == 64 * 500 + 2 * 10 * 1_000
    assert len(provider.requests) == stats.misses
