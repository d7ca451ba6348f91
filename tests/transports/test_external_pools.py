"""Transports over a PoolManager or a ClientSession of the application."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
import urllib3

from usersmanager import (
    BodyTooLargeError,
    ConnectError,
    DeadlineExceededError,
    DisconnectedError,
    LifecycleError,
    Request,
    Response,
)
from usersmanager.testing import FaultServer, Peer, profile
from usersmanager.testing.contracts.cases import make_request
from usersmanager.testing.contracts.scripts import answering, ending
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_urllib3 import Urllib3Transport


def send_over_pool_manager(*requests: Request, **settings: Any) -> list[Response]:
    with urllib3.PoolManager(headers={"X-Foreign": "1"}) as manager:
        transport = Urllib3Transport(pool_manager=manager, **settings)
        responses = [transport.send(request) for request in requests]
        transport.close()
        assert len(manager.pools) > 0, "the transport has cleared the pools"
        return responses


def send_over_session(*requests: Request, **settings: Any) -> list[Response]:
    async def main() -> list[Response]:
        async with aiohttp.ClientSession(
            headers={"X-Foreign": "1"}, cookies={"foreign": "1"}
        ) as session:
            transport = AiohttpTransport(session=session, **settings)
            responses = [await transport.asend(request) for request in requests]
            await transport.aclose()
            assert not session.closed
            return responses

    return asyncio.run(main())


@pytest.fixture(params=[send_over_pool_manager, send_over_session])
def send(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_only_its_connections_are_used(send: Any) -> None:
    with FaultServer() as server:
        responses = send(make_request(server, "one"), make_request(server, "two"))
        assert [response.body for response in responses] == [b'{"sub": "one"}', b'{"sub": "two"}']
        assert server.connections == 1
        for sent in server.requests:
            assert b"foreign" not in sent.lower()
            assert sent.lower().count(b"user-agent") == 1


def test_no_user_agent_is_added(send: Any) -> None:
    with FaultServer() as server:
        send(make_request(server, headers={}))
        assert b"user-agent" not in server.requests[0].lower()


def test_a_request_that_is_not_idempotent_uses_a_dedicated_connection(send: Any) -> None:
    with FaultServer() as server:
        send(make_request(server), make_request(server, idempotent=False))
        assert server.connections == 2


def test_a_large_body_is_refused(send: Any) -> None:
    with FaultServer(answering(profile("x" * 200))) as server, pytest.raises(BodyTooLargeError):
        send(make_request(server), max_response_bytes=100)


def test_a_redirect_is_a_response(send: Any) -> None:
    redirect = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    with FaultServer(answering(redirect)) as server:
        assert [response.status for response in send(make_request(server))] == [302]
        assert len(server.requests) == 1


def test_a_request_is_not_repeated_after_a_disconnect(send: Any) -> None:
    with FaultServer(*[ending(b"")] * 3) as server:
        with pytest.raises(DisconnectedError) as caught:
            send(make_request(server, "hush"))
        assert caught.value.sent is True
        assert "hush" not in repr(caught.value)
        assert len(server.requests) == 1


def test_nothing_is_sent_over_a_refused_connection(send: Any) -> None:
    with FaultServer() as server:
        pass
    with pytest.raises(ConnectError) as caught:
        send(make_request(server))
    assert caught.value.sent is False


def test_a_silent_server_is_given_up_at_the_deadline(send: Any) -> None:
    def never_respond(peer: Peer) -> None:
        peer.request()
        peer.wait_closed()

    with FaultServer(never_respond) as server, pytest.raises(DeadlineExceededError) as caught:
        send(make_request(server, timeout=0.5))
    assert caught.value.sent is True


def test_a_closed_session_is_a_lifecycle_error() -> None:
    async def main() -> None:
        session = aiohttp.ClientSession()
        transport = AiohttpTransport(session=session)
        await session.close()
        with FaultServer() as server, pytest.raises(LifecycleError, match="session is closed"):
            await transport.asend(make_request(server))

    asyncio.run(main())


def test_a_session_of_another_event_loop_is_a_lifecycle_error() -> None:
    async def open_session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    with FaultServer() as server, asyncio.Runner() as runner:
        session = runner.run(open_session())
        transport = AiohttpTransport(session=session)
        with pytest.raises(LifecycleError, match="session belongs to another event loop"):
            asyncio.run(transport.asend(make_request(server)))
        assert server.connections == 0
        assert runner.run(transport.asend(make_request(server))).status == 200
        runner.run(session.close())
