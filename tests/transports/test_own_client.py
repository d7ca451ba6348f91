"""Transports over a PoolManager or a ClientSession of the application."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
import urllib3
from tests import support
from tests.transports.faults import refuse_tunnel, refused, unknown_name
from tests.transports.own_clients import OVER, over_pool_manager, over_session

from usersmanager import (
    ArgumentError,
    AsyncUsersManager,
    BodyTooLargeError,
    ConnectError,
    DeadlineExceededError,
    DisconnectedError,
    LifecycleError,
    Response,
    UsersManager,
)
from usersmanager.testing import (
    AsyncTransportContract,
    FaultServer,
    Peer,
    TransportContract,
    profile,
)
from usersmanager.testing.contracts.cases import make_request
from usersmanager.testing.contracts.redaction import SECRET_TOKEN, rendered
from usersmanager.testing.contracts.scripts import answering, ending
from usersmanager_aiohttp import ClientSessionTransport
from usersmanager_urllib3 import PoolManagerTransport

LINK = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 20\r\n\r\nhttps://a.example/l/"
)
SETTINGS = {"impersonator_id": "auth0|boss", "protocol": "oauth2", "token": "t0ken"}


class OwnPoolManager(PoolManagerTransport):
    """Its pools end with it, for the contract."""

    def __init__(self, ssl_context: Any = None) -> None:
        self.pools = urllib3.PoolManager(ssl_context=ssl_context)
        super().__init__(self.pools)

    def close(self) -> None:
        super().close()
        self.pools.clear()


class OwnSession:
    """It opens its session in the event loop of its first request, for the contract."""

    def __init__(self, ssl_context: Any = None) -> None:
        self.ssl: Any = True if ssl_context is None else ssl_context
        self.session: aiohttp.ClientSession | None = None

    async def asend(self, request: Any) -> Response:
        if self.session is None:
            self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self.ssl))
            self.transport = ClientSessionTransport(self.session)
        return await self.transport.asend(request)

    async def aclose(self) -> None:
        if self.session is not None:
            await self.transport.aclose()
            await self.session.close()


class TestPoolManager(TransportContract):
    def transport(self, **settings: Any) -> Any:
        return OwnPoolManager(**settings)


# Under load, aiohttp may leave open a connection whose request was cancelled.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
class TestClientSession(AsyncTransportContract):
    def transport(self, **settings: Any) -> Any:
        return OwnSession(**settings)


@pytest.fixture(params=OVER)
def send(request: pytest.FixtureRequest) -> Any:
    return OVER[request.param]


def test_the_client_adds_its_headers_but_no_cookie_and_no_credentials(send: Any) -> None:
    own = {
        "X-Gateway": "1",
        "Cookie": "a=b",
        "authorization": "Basic theirs",
        "accept-encoding": "gzip",
        "connection": "keep-alive",
    }
    with FaultServer() as server:
        send(make_request(server, "mine").with_connection_close(), client={"headers": own})
    lines = server.requests[0].lower().split(b"\r\n")
    assert b"x-gateway: 1" in lines
    assert not [line for line in lines if line.startswith(b"cookie")]
    for name, value in (
        (b"authorization", b"bearer mine"),
        (b"accept-encoding", b"identity"),
        (b"connection", b"close"),
    ):
        assert [line for line in lines if line.startswith(name + b":")] == [name + b": " + value]


def test_cookies_of_a_session_are_neither_sent_nor_kept() -> None:
    async def main() -> None:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            session.cookie_jar.update_cookies({"theirs": "1"})
            transport = ClientSessionTransport(session)
            for token in ("alice", "bob"):
                await transport.asend(make_request(server, token).with_connection_close())
            assert [cookie.key for cookie in session.cookie_jar] == ["theirs"]

    cookie = profile("alice", headers="Set-Cookie: sid=alice; Path=/\r\n")
    with FaultServer(*[ending(cookie)] * 2) as server:
        asyncio.run(main())
        assert b"cookie" not in b"".join(server.requests).lower()


def hostile_session() -> dict[str, Any]:
    """Settings that suit other calls; aiohttp 3.14 deprecates `auth`."""
    return {
        "raise_for_status": True,
        "timeout": aiohttp.ClientTimeout(total=0.001),
        "auth": aiohttp.BasicAuth("theirs", "secret"),
    }


def hostile_pools() -> dict[str, Any]:
    return {
        "retries": urllib3.Retry(total=5, status_forcelist=[401, 503], allowed_methods=None),
        "timeout": 0.001,
    }


@pytest.mark.filterwarnings("ignore:The 'auth' parameter:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")
@pytest.mark.parametrize(
    ("over", "client"), [(over_session, hostile_session), (over_pool_manager, hostile_pools)]
)
@pytest.mark.parametrize("status", [200, 302, 401, 503])
def test_settings_of_the_client_change_neither_answers_nor_attempts(
    over: Any, client: Callable[[], dict[str, Any]], status: int
) -> None:
    def slow(peer: Peer) -> None:
        request = peer.request()
        peer.stall(0.02)
        peer.send(b"HTTP/1.1 %d Status\r\nRetry-After: 0\r\nLocation: /\r\n" % status)
        peer.send(b"Content-Length: 0\r\n\r\n")
        assert b"Bearer mine" in request

    with FaultServer(otherwise=slow) as server:
        (response,) = over(make_request(server, "mine"), client=client())
        assert response.status == status
        assert len(server.requests) == 1


@pytest.mark.parametrize("reuse", [False, True])
def test_reuse_alone_decides_whether_a_manager_reuses_connections(reuse: bool) -> None:
    async def over_aiohttp() -> None:
        async with aiohttp.ClientSession() as session:
            transport = ClientSessionTransport(session, reuse=reuse)
            async with AsyncUsersManager(
                server.origin, transport=transport, client_id="c", discover=False
            ) as users:
                for _ in range(2):
                    await users.get_info("a-token")

    def over_urllib3() -> None:
        with urllib3.PoolManager() as pools:
            transport = PoolManagerTransport(pools, reuse=reuse)
            with UsersManager(server.origin, transport=transport, discover=False) as users:
                for _ in range(2):
                    users.get_info("a-token")

    for run in (over_urllib3, lambda: asyncio.run(over_aiohttp())):
        with FaultServer() as server:
            run()
            assert server.connections == (1 if reuse else 2)
            closing = [b"\r\nConnection: close" in request for request in server.requests]
            assert closing == [not reuse] * 2


def test_a_request_that_is_not_idempotent_ends_its_connection_despite_reuse(send: Any) -> None:
    with FaultServer() as server:
        requests = [make_request(server, idempotent=False) for _ in range(2)]
        assert all(isinstance(outcome, Response) for outcome in send(*requests, reuse=True))
        assert server.connections == 2


def test_every_operation_leaves_through_the_client() -> None:
    """The pools, and the middlewares and trace configs of a session, see both."""
    seen: list[str] = []

    class Pools(urllib3.PoolManager):
        def urlopen(self, method: str, url: str, *rest: Any, **named: Any) -> Any:  # type: ignore[override]
            seen.append(method)
            return super().urlopen(method, url, *rest, **named)

    async def middleware(request: Any, handler: Any) -> Any:
        seen.append(request.method)
        assert "Authorization" not in request.headers
        return await handler(request)

    async def started(session: Any, context: Any, params: Any) -> None:
        seen.append("trace")
        assert "Authorization" not in params.headers
        params.headers["X-Trace"] = "1"

    async def over_aiohttp() -> None:
        tracing = aiohttp.TraceConfig()
        tracing.on_request_start.append(started)
        async with aiohttp.ClientSession(
            trace_configs=[tracing], middlewares=[middleware]
        ) as session:
            transport = ClientSessionTransport(session)
            async with AsyncUsersManager(
                server.origin, transport=transport, client_id="c", discover=False
            ) as users:
                await users.get_info("a-token")
                await users.impersonate("auth0|ada", SETTINGS)

    with (
        FaultServer(answering(profile("u")), answering(LINK)) as server,
        Pools() as pools,
        UsersManager(
            server.origin,
            transport=PoolManagerTransport(pools),
            client_id="c",
            discover=False,
        ) as users,
    ):
        users.get_info("a-token")
        users.impersonate("auth0|ada", SETTINGS)
    assert seen == ["GET", "POST"]
    seen.clear()
    with FaultServer(answering(profile("u")), answering(LINK)) as server:
        asyncio.run(over_aiohttp())
        assert all(b"\r\nX-Trace: 1\r\n" in request for request in server.requests)
    assert seen == ["trace", "GET", "trace", "POST"]


def test_a_request_that_a_middleware_repeats_was_sent() -> None:
    """The second attempt is refused, but the first one was not."""

    async def repeat(request: Any, handler: Any) -> Any:
        with contextlib.suppress(aiohttp.ClientConnectionError):
            return await handler(request)
        await asyncio.to_thread(server.__exit__, None, None, None)
        return await handler(request)

    with FaultServer(ending(b"")) as server:  # It may be stopped twice.
        (error,) = over_session(make_request(server), client={"middlewares": [repeat]})
    assert isinstance(error, DisconnectedError)
    assert error.sent is True


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (b"", "no_response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "truncated"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{", "truncated"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", "truncated"),
    ],
)
def test_an_early_end_is_a_disconnect_with_its_reason(
    send: Any, response: bytes, reason: str
) -> None:
    with FaultServer(ending(response)) as server:
        (error,) = send(make_request(server))
    assert isinstance(error, DisconnectedError)
    assert (error.reason, error.sent) == (reason, True)


def test_a_refused_or_unknown_host_was_not_reached(send: Any) -> None:
    errors = []
    for fault in (refused, unknown_name):
        with fault() as target:
            errors += send(support.make_request(origin=target["base_url"]))
    assert [(type(error), error.reason, error.sent) for error in errors] == [
        (ConnectError, "refused", False),
        (ConnectError, "name_not_found", False),
    ]


def test_a_tunnel_that_the_proxy_refuses_was_not_used() -> None:
    request = support.make_request(origin="https://origin.invalid")
    with FaultServer(otherwise=refuse_tunnel(407)) as proxy:
        (error,) = over_session(request, client={"proxy": proxy.origin})
        assert isinstance(error, ConnectError)
        assert (error.reason, error.proxy_status) == ("proxy_refused", 407)
        with urllib3.ProxyManager(proxy.origin) as pools:
            transport = PoolManagerTransport(pools)
            with pytest.raises(ConnectError) as caught:
                transport.send(request)
        assert (caught.value.reason, caught.value.sent) == ("proxy_unreachable", False)
        assert b"Bearer" not in b"".join(proxy.requests)


def test_a_body_that_drips_beyond_the_deadline_is_given_up(send: Any) -> None:
    def drip(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
        peer.drip(b"x" * 9999)

    with FaultServer(drip) as server:
        started = time.monotonic()
        (error,) = send(make_request(server, timeout=0.2))
        assert time.monotonic() - started < 10  # The whole body takes 200.
    assert isinstance(error, DeadlineExceededError)


def test_a_failure_returns_its_connection_to_a_blocking_pool() -> None:
    faults = [ending(b""), answering(profile("x" * 200_000)), ending(b"HTTP/1.1 200 OK\r\n\r\nok")]
    with FaultServer(*faults) as server:
        outcomes = over_pool_manager(
            *(make_request(server, "mine") for _ in range(5)),
            client={"maxsize": 1, "block": True},
            max_response_bytes=100,
        )
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [DisconnectedError, BodyTooLargeError, Response, Response, Response]


def test_errors_of_a_transport_show_no_token(send: Any) -> None:
    secret = SECRET_TOKEN.encode()
    faults = [
        ending(b""),
        ending(b"nonsense " + secret + b"\r\n\r\n"),
        ending(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + secret),
        answering(profile(SECRET_TOKEN * 10)),
    ]
    for fault in faults:
        with FaultServer(fault) as server:
            (error,) = send(make_request(server, SECRET_TOKEN), max_response_bytes=100)
        assert isinstance(error, Exception)
        assert (error.__cause__, error.__context__) == (None, None)
        assert SECRET_TOKEN not in rendered(error).replace(repr(server.requests), "")


def test_a_closed_session_is_a_lifecycle_error() -> None:
    async def main() -> None:
        session = aiohttp.ClientSession()
        transport = ClientSessionTransport(session)
        await session.close()
        with pytest.raises(LifecycleError, match="session is closed"):
            await transport.asend(make_request(server))

    with FaultServer() as server:
        asyncio.run(main())
        assert server.connections == 0


def test_a_session_of_another_event_loop_is_a_lifecycle_error() -> None:
    async def open_session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    with FaultServer() as server, asyncio.Runner() as runner:
        session = runner.run(open_session())
        transport = ClientSessionTransport(session)
        for _ in range(2):
            with pytest.raises(LifecycleError, match="session belongs to another event loop"):
                asyncio.run(transport.asend(make_request(server)))
            assert runner.run(transport.asend(make_request(server))).status == 200
        assert server.connections == 1
        runner.run(session.close())


def test_a_closed_transport_is_a_lifecycle_error() -> None:
    async def main() -> None:
        async with aiohttp.ClientSession() as session:
            transport = ClientSessionTransport(session)
            await transport.aclose()
            await transport.asend(make_request(server))

    with FaultServer() as server, urllib3.PoolManager() as pools:
        transport = PoolManagerTransport(pools)
        transport.close()
        with pytest.raises(LifecycleError, match="transport is closed"):
            transport.send(make_request(server))
        with pytest.raises(LifecycleError, match="transport is closed"):
            asyncio.run(main())
        assert server.connections == 0


@pytest.mark.parametrize("make", [PoolManagerTransport, ClientSessionTransport])
@pytest.mark.parametrize("setting", ["max_response_bytes", "connect_timeout"])
def test_limits_must_be_positive(make: Any, setting: str) -> None:
    with pytest.raises(ArgumentError, match=setting):
        make(None, **{setting: 0})
