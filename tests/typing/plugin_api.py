"""Plugins as a type checker sees them. Checked by mypy and pyright, never run."""

from __future__ import annotations

import ssl
from collections.abc import Generator
from datetime import timedelta
from typing import Any, assert_type

from tenacity import (
    RetryCallState,
    stop_after_attempt,
    stop_after_delay,
    wait_fixed,
    wait_random,
)

from usersmanager import Request, Response, UsersManager
from usersmanager.plugins import (
    Call,
    Effect,
    Flow,
    Proceed,
    StaticHeaders,
    Token,
    arun_flow,
    hookimpl,
    read,
    run,
    run_flow,
    sleep,
    validate_count,
    validate_seconds,
)
from usersmanager.testing import FakeTransport
from usersmanager.transports import AsyncTransport, Transport
from usersmanager_cache import AsyncStore, Cache, CacheStats, RedisStore, Store
from usersmanager_headers import Headers
from usersmanager_jwt import JwtUserInfo
from usersmanager_logging import Logging
from usersmanager_retry import Budget, Retry, full_jitter


class EachHook:
    name = "each-hook"
    retries = True

    @hookimpl
    def usersmanager_request(self, request: Request) -> Request | None:
        return request.with_headers({"X-A": "1"}) if request.attempt > 1 else None

    @hookimpl
    def usersmanager_response(self, request: Request, response: Response) -> None:
        assert_type(request.headers.get("X-A"), str | None)
        assert_type(response.status, int)
        assert_type(response.date, float | None)
        assert_type(read(request, response), Any)
        assert_type(request.call.token_changed, bool)
        assert_type(request.call.endpoint("jwks_uri"), str | None)
        request.call.notes["each-hook"] = "seen"
        request.call.notes["attempts"] = 1  # type: ignore[assignment]

    @hookimpl(tryfirst=True)
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        assert_type(proceed(request), Flow[Response])
        response = yield from proceed(request)
        assert_type(response, Response)
        assert_type((yield from sleep(0.1)), None)
        assert_type((yield from sleep(1)), None)
        assert_type((yield from run(sync=lambda: 7, async_=self.seven)), int)
        return (yield from self.again(request, proceed))

    def again(self, request: Request, proceed: Proceed) -> Flow[Response]:
        return (yield from proceed(request.with_token(Token("t"))))

    async def seven(self) -> int:
        return 7

    @hookimpl(trylast=True)
    def usersmanager_wrap_attempt(self, request: Request, proceed: Proceed) -> Flow[Response]:
        assert_type(request.token, Token)
        assert_type(request.call, Call)
        return proceed(request.with_headers(StaticHeaders({"X-A": "1"})).with_token("t"))

    @hookimpl
    def usersmanager_variant(self, request: Request) -> str | None:
        assert_type(request.call.variant, tuple[tuple[str, str], ...])
        return None

    @hookimpl
    def usersmanager_done(
        self,
        request: Request,
        response: Response | None,
        error: BaseException | None,
        elapsed: float,
    ) -> None: ...

    @hookimpl
    def usersmanager_close(self) -> None: ...

    @hookimpl
    async def usersmanager_aclose(self) -> None: ...


class Plain:
    """A wrap may be a plain function, and a hook may take fewer arguments."""

    @hookimpl
    def usersmanager_wrap_call(
        self, request: Request, proceed: Proceed
    ) -> Flow[Response] | Response:
        return Response(304) if request.operation == "discover" else proceed(request)

    @hookimpl
    def usersmanager_wrap_attempt(self) -> Response:
        return Response(200)

    @hookimpl
    def usersmanager_done(self, elapsed: float) -> None: ...


@hookimpl
def usersmanager_transport(proxy: str | None, ssl_context: ssl.SSLContext | None) -> Transport:
    return FakeTransport()


@hookimpl
def usersmanager_async_transport() -> AsyncTransport:
    return FakeTransport()


def flows_are_generators(flow: Flow[int]) -> Generator[Effect, Any, int]:
    return flow


async def flows_run_outside_a_call(flow: Flow[int]) -> None:
    assert_type(run_flow(flow), int)
    assert_type(await arun_flow(flow, timeout=1), int)


def give_up(state: RetryCallState) -> bool:
    return state.attempt_number > 2


class DictStore:
    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    def get(self, name: str) -> bytes | None:
        return self.values.get(name)

    def set(self, name: str, value: bytes, ttl: float) -> None:
        self.values[name] = value

    def delete(self, name: str) -> None:
        self.values.pop(name, None)


async def caches() -> None:
    store, redis = DictStore(), RedisStore.from_url("redis://127.0.0.1", timeout=1)
    both: tuple[Store, Store, AsyncStore] = (store, redis, redis)
    asyncio_only: AsyncStore = store  # type: ignore[assignment]
    caches = [
        Cache(max_age=1, stale_if_error=2, negative_max_age=3.5, max_entries=4, namespace="n"),
        Cache(store=both[0], secret=b"0123456789abcdef"),
        Cache(store=both[2], secret=[b"0123456789abcdef"]),
        Cache(max_age="1"),  # type: ignore[arg-type]
        Cache(60),  # type: ignore[call-arg]
        Cache(store=asyncio_only, secret="0123456789abcdef"),  # type: ignore[arg-type]
    ]
    assert_type(caches[0].stats, CacheStats)
    assert_type(caches[0].stats.hits, int)
    assert_type(caches[0].forget("t"), bool)
    assert_type(await caches[0].aforget(Token("t")), bool)
    UsersManager("https://tenant.example", plugins=["cache", *caches])


def shipped_plugins() -> None:
    plugins: list[object] = [
        JwtUserInfo("my-app", algorithms=["RS256"], decryption_keys={"keys": []}, leeway=1),
        JwtUserInfo(),  # type: ignore[call-arg]
        JwtUserInfo("my-app", decryption_keys=b""),  # type: ignore[arg-type]
        Retry(5, budget=Budget(10), max_wait=3),
        Retry(wait=0),
        Retry(wait=0.5, stop=3),
        Retry(wait=timedelta(seconds=1), stop=give_up),
        Retry(wait=wait_fixed(1) + wait_random(0, 1)),
        Retry(wait=full_jitter() + wait_fixed(1), stop=stop_after_attempt(3) | stop_after_delay(5)),
        Retry(wait=lambda state: state.attempt_number / 2),
        Logging(),
        Headers({"X-A": "1"}),
        Headers(lambda request: {"X-A": str(request.attempt)}),
        EachHook(),
        Plain(),
    ]
    UsersManager("https://tenant.example", plugins=plugins)
    assert_type(validate_seconds("timeout", plugins), float)
    assert_type(validate_count("attempts", plugins), int)
