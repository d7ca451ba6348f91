"""Scripts for the servers of the test cases."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator

from ..fault_server import FaultServer, Script, echo
from ..peer import Peer

__all__ = ["answering", "ending", "flood", "serving", "unreachable_server"]


def answering(response: bytes, *, then: Script = echo) -> Script:
    """Return a script that reads a request, sends these bytes and then runs another script."""

    def script(peer: Peer) -> object:
        peer.request()
        peer.send(response)
        return then(peer)

    return script


def ending(response: bytes, *, reset: bool = False) -> Script:
    """Return a script that reads a request, sends these bytes and ends the connection."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(response)
        if reset:
            if response:
                time.sleep(0.05)  # A reset discards what the client has not read.
            peer.reset()

    return script


def serving(respond: Callable[[bytes], bytes]) -> Script:
    """Return a script that answers every request of a connection."""

    def script(peer: Peer) -> None:
        while request := peer.request():
            peer.send(respond(request))

    return script


def flood(peer: Peer, data: bytes, size: int = 2 << 20) -> None:
    """Send data repeatedly, more than a client may accept, then wait for the client to give up."""
    for _ in range(size // len(data)):
        peer.send(data)
    peer.wait_closed()


@contextlib.contextmanager
def unreachable_server() -> Iterator[FaultServer]:
    """Yield a server that no connection reaches, because its accept queue is full."""
    with FaultServer(accept=False, backlog=0) as server, contextlib.ExitStack() as stack:
        for _ in range(4):
            sock = stack.enter_context(socket.socket(server.listener.family))
            sock.setblocking(False)
            sock.connect_ex(server.listener.getsockname())
        time.sleep(0.05)
        yield server
