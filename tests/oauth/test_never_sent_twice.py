"""A token is exchanged at most once, whatever happens to the request: counted at the server.

An exchange may use its subject token up, or issue a link. So with the retry plugin switched on, it
is sent again only after 429, or if it was certainly not sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import Counter
from typing import Any

import pytest
from tenacity import wait_none
from tests.oauth.support import CLIENT, ISSUED, answer
from tests.support import TENANT
from tests.transports.calls import TRANSPORTS
from tests.transports.test_differential import FAULTS

from usersmanager import ConnectError, UsersManager, UsersManagerError
from usersmanager.oauth import exchange_token, introspect_token, revoke_token
from usersmanager.testing import FakeTransport, FaultServer, Peer
from usersmanager_retry import Retry


def call(transport: str, operation: Any, base_url: str, *, times: int = 1, **options: Any) -> None:
    """Perform an operation, several times with one manager, and ignore its errors."""
    manager_class, transport_class = TRANSPORTS[transport]
    settings: dict[str, Any] = {
        "transport": transport_class(),
        "discover": False,
        "plugins": [Retry(wait=wait_none())],
        "endpoints": {"introspection_endpoint": f"{base_url}/introspect"},
        **options,
    }
    if manager_class is UsersManager:
        with UsersManager(base_url, **settings) as users:
            for _ in range(times):
                with contextlib.suppress(UsersManagerError):
                    users.call(operation)
        return

    async def main() -> None:
        async with manager_class(base_url, **settings) as users:
            for _ in range(times):
                with contextlib.suppress(UsersManagerError):
                    await users.call(operation)

    asyncio.run(main())


def received(server: FaultServer) -> Counter[str]:
    """Return how many requests a server has received for each path."""
    return Counter(request.split(b" ", 2)[1].decode() for request in server.requests)


# Each fault over one transport; the slow test has the others.
ROWS = list(zip(FAULTS, itertools.cycle(TRANSPORTS)))
OTHERS = [row for row in itertools.product(FAULTS, TRANSPORTS) if row not in ROWS]


def assert_sent_once(name: str, transport: str) -> None:
    case = FAULTS[name]
    with FaultServer(*[case.script] * 3) as server:
        options = {"timeout": 0.3} if name == "silent" else {}
        plugins = [Retry(wait=wait_none() if "hour" not in name else None)]
        call(
            transport,
            exchange_token("t", client=CLIENT),
            server.origin,
            plugins=plugins,
            **options,
        )
    # 429 is the only status that says that nothing was done.
    assert received(server) == {"/oauth/token": 3 if name == "429" else 1}


@pytest.mark.parametrize(("name", "transport"), ROWS)
def test_a_fault_never_causes_a_second_exchange(name: str, transport: str) -> None:
    assert_sent_once(name, transport)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "transport"), OTHERS)
def test_a_fault_over_another_transport_never_does_either(name: str, transport: str) -> None:
    assert_sent_once(name, transport)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_exchange_never_uses_a_connection_that_may_be_stale(transport: str) -> None:
    def answer_once(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        peer.reset()

    with FaultServer(otherwise=answer_once) as server:
        call(transport, exchange_token("t", client=CLIENT), server.origin, times=3)
    assert (server.connections, received(server)) == (3, {"/oauth/token": 3})


@pytest.mark.parametrize("operation", [introspect_token, revoke_token])
def test_introspection_and_revocation_are_retried(operation: Any) -> None:
    with FaultServer(*[FAULTS["reset"].script] * 3) as server:
        call("urllib3", operation("t", client=CLIENT), server.origin)
    assert sum(received(server).values()) == 3


def test_an_exchange_that_was_certainly_not_sent_is_repeated() -> None:
    fake = FakeTransport(ConnectError("refused", reason="refused"), answer(ISSUED))
    settings: dict[str, Any] = {"transport": fake, "discover": False, "plugins": [Retry()]}
    with UsersManager(TENANT, **settings) as users:
        assert users.call(exchange_token("t", client=CLIENT)).token == "issued-token"
