"""The race of an event loop's connections: what remains of it."""

from __future__ import annotations

import asyncio
import socket

import pytest
from tests.descriptors import count_descriptors, settled_descriptors
from tests.transports.names import black_hole, resolving_to

from usersmanager.testing import FaultServer
from usersmanager.transports import connect_tcp_async


async def check_that_nothing_remains(descriptors: int) -> None:
    for _ in range(5):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert settled_descriptors(descriptors) <= descriptors


@pytest.mark.parametrize("seconds", [0.05, 20.0])
def test_no_task_or_socket_remains_of_those_that_did_not_win(seconds: float) -> None:
    async def main(port: int) -> None:
        descriptors = count_descriptors()
        try:
            async with asyncio.timeout(seconds):
                transport = await connect_tcp_async("a.example", port, asyncio.Protocol)
        except TimeoutError:
            assert seconds < 1
        else:
            transport.abort()
        await check_that_nothing_remains(descriptors)

    with (
        FaultServer() as server,
        black_hole() as silent,
        black_hole() as other,
        resolving_to(silent, other, ("127.0.0.1", server.port)),
    ):
        asyncio.run(main(server.port))


def test_of_two_sockets_that_connect_at_once_one_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main(port: int) -> None:
        descriptors = count_descriptors()
        both = asyncio.Event()
        started: list[socket.socket] = []

        async def connect_together(sock: socket.socket, address: tuple[str, int]) -> None:
            started.append(sock)
            if len(started) == 2:
                both.set()
            await both.wait()
            sock.setblocking(True)
            sock.connect(address)
            sock.setblocking(False)

        monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", connect_together)
        transport = await connect_tcp_async("a.example", port, asyncio.Protocol)
        await asyncio.sleep(0)
        assert [sock.fileno() >= 0 for sock in started].count(True) == 1
        transport.abort()
        await check_that_nothing_remains(descriptors)

    with FaultServer() as server, resolving_to(*[("127.0.0.1", server.port)] * 2):
        asyncio.run(main(server.port))
