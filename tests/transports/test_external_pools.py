"""A pool or a session of the caller's: it stays theirs, and the transport's promises hold."""

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
)
from usersmanager.testing import FaultServer, Peer, profile
from usersmanager.testing.contracts.cases import answering, ask, ending
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_urllib3 import Urllib3Transport


class Blocking:
    """Calls over a pool manager of the caller's."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings

    def send(self, *requests: Any) -> list[Any]:
        with urllib3.PoolManager(headers={"X-Callers": "1"}) as pool:
            carrier = Urllib3Transport(pool_manager=pool, **self.settings)
            answers = [carrier.send(request()) for request in requests]
            carrier.close()
            assert len(pool.pools) > 0 or not answers, "the caller's pools are gone"
            return answers


class Asyncio:
    """Calls over a session of the caller's."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings

    def send(self, *requests: Any) -> list[Any]:
        async def main() -> list[Any]:
            async with aiohttp.ClientSession(
                headers={"X-Callers": "1"}, cookies={"callers": "1"}
            ) as session:
                carrier = AiohttpTransport(session=session, **self.settings)
                answers = [await carrier.asend(request()) for request in requests]
                await carrier.aclose()
                assert not session.closed
                return answers

        return asyncio.run(main())


@pytest.fixture(params=[Blocking, Asyncio])
def borrowing(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_its_connections_are_used_and_nothing_else_of_it(borrowing: Any) -> None:
    with FaultServer() as server:
        answers = borrowing().send(lambda: ask(server, "one"), lambda: ask(server, "two"))
        assert [answer.body for answer in answers] == [b'{"sub": "one"}', b'{"sub": "two"}']
        assert server.connections == 1
        for sent in server.requests:
            assert b"callers" not in sent.lower()
            assert sent.lower().count(b"user-agent") == 1


def test_no_user_agent_is_added(borrowing: Any) -> None:
    with FaultServer() as server:
        borrowing().send(lambda: ask(server, headers={}))
        assert b"user-agent" not in server.requests[0].lower()


def test_an_impersonation_has_a_connection_of_its_own(borrowing: Any) -> None:
    with FaultServer() as server:
        borrowing().send(lambda: ask(server), lambda: ask(server, idempotent=False))
        assert server.connections == 2


def test_a_large_body_is_refused(borrowing: Any) -> None:
    with FaultServer(answering(profile("x" * 200))) as server, pytest.raises(BodyTooLargeError):
        borrowing(max_response_bytes=100).send(lambda: ask(server))


def test_a_redirect_is_a_response(borrowing: Any) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    with FaultServer(answering(moved)) as server:
        assert [answer.status for answer in borrowing().send(lambda: ask(server))] == [302]
        assert len(server.requests) == 1


def test_a_disconnect_is_unknown_and_nothing_is_sent_again(borrowing: Any) -> None:
    with FaultServer(*[ending(b"")] * 3) as server:
        with pytest.raises(DisconnectedError) as caught:
            borrowing().send(lambda: ask(server, "hush"))
        assert caught.value.phase == "unknown"
        assert "hush" not in repr(caught.value)
        assert len(server.requests) == 1


def test_a_refused_connection_is_not_sent(borrowing: Any) -> None:
    with FaultServer() as server:
        pass
    with pytest.raises(ConnectError) as caught:
        borrowing().send(lambda: ask(server))
    assert caught.value.phase == "not sent"


def test_a_silent_server_is_given_up_at_the_deadline(borrowing: Any) -> None:
    def silent(peer: Peer) -> None:
        peer.request()
        peer.wait_closed()

    with FaultServer(silent) as server, pytest.raises(DeadlineExceededError) as caught:
        borrowing().send(lambda: ask(server, timeout=0.2))
    assert caught.value.phase == "unknown"


def test_a_session_that_the_caller_has_closed_is_a_lifecycle_error() -> None:
    async def main() -> None:
        session = aiohttp.ClientSession()
        carrier = AiohttpTransport(session=session)
        await session.close()
        with FaultServer() as server, pytest.raises(LifecycleError, match="session is closed"):
            await carrier.asend(ask(server))

    asyncio.run(main())
