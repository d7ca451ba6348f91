"""Four servers that misbehave at random, in their own process, which ends with its stdin.

Each line of stdin is the number of a server. It sends unsolicited bytes over its idle connections,
and the process prints a line when that is done.
"""

from __future__ import annotations

import contextlib
import random
import re
import sys
from typing import Any

from usersmanager.testing import FaultServer, Peer
from usersmanager.testing.fault_server import profile

_BEARER = re.compile(rb"\r\nAuthorization: Bearer ([^\r\n]*)\r\n")
_EARLY = b"HTTP/1.1 103 Early Hints\r\n\r\n"
_FORGED = profile("attacker")


class Misbehaving(FaultServer):
    """Keeps its connections, to send unsolicited bytes over them."""

    def __init__(self) -> None:
        super().__init__(otherwise=self._converse)
        self._open: set[Peer] = set()

    def _converse(self, peer: Peer) -> None:
        self._open.add(peer)
        try:
            misbehave(peer)
        finally:
            self._open.discard(peer)

    def send_unsolicited(self) -> None:
        """Send a response over every connection. Call it between requests."""
        self.requests.clear()
        for peer in list(self._open):
            with contextlib.suppress(OSError):
                peer.send(_FORGED)


def misbehave(peer: Peer) -> None:
    """A script that responses most requests correctly."""
    while request := peer.request():
        token = _BEARER.search(request)
        user = token[1].decode() if token else "nobody"
        link = f"https://tenant.example/{user}".encode()
        response = profile(user)
        if request.startswith(b"POST"):
            response = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(link) + link
        number = random.randrange(1000)
        if number >= len(_FAULTS):
            peer.send(response)
        elif not _FAULTS[number](peer, response):
            return


def _early(peer: Peer, response: bytes) -> bool:
    # A client that returns an interim response is noticed only if there is a pause.
    peer.send(_EARLY * random.randint(1, 8))
    peer.stall(random.choice([0, 0.002]))
    peer.send(response)
    return True


def _poisoned(peer: Peer, response: bytes) -> bool:
    # In one segment: no client can distinguish bytes that arrive after its next request from a
    # response.
    peer.send(response + _FORGED)
    return True


def _poisoned_empty(peer: Peer, response: bytes) -> bool:
    peer.send(b"HTTP/1.1 204 None\r\n\r\n" + _FORGED)
    return True


def _closed(peer: Peer, response: bytes) -> bool:
    return False


def _reset(peer: Peer, response: bytes) -> bool:
    peer.reset()
    return False


def _truncated(peer: Peer, response: bytes) -> bool:
    peer.send(response[: random.randint(1, len(response) - 1)])
    return False


def _busy(peer: Peer, response: bytes) -> bool:
    peer.send(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
    return True


def _ambiguous(peer: Peer, response: bytes) -> bool:
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}")
    return True


def _dripped(peer: Peer, response: bytes) -> bool:
    peer.drip(response, every=0.002)
    return True


def _stalled(peer: Peer, response: bytes) -> bool:
    peer.stall(2.0)
    return True


_FAULTS = (
    [_early] * 20 + [_poisoned] * 20 + [_poisoned_empty] * 5 + [_closed] * 10 + [_reset] * 5
    + [_truncated] * 10 + [_busy] * 10 + [_ambiguous] * 5 + [_dripped] * 5 + [_stalled] * 5
)  # fmt: skip


def main() -> None:
    with contextlib.ExitStack() as stack:
        servers: list[Any] = [stack.enter_context(Misbehaving()) for _ in range(4)]
        print(*[server.origin for server in servers], flush=True)
        for line in sys.stdin:
            servers[int(line)].send_unsolicited()
            print("done", flush=True)


if __name__ == "__main__":
    main()
