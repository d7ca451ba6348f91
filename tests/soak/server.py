"""Four servers that misbehave at random, in a process of their own. It ends when stdin does.

Each line of stdin is the number of a server, which forgets what it was asked and then
disturbs its idle connections; the answer is a line, too.
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
_MALLORY = profile("mallory")


class Misbehaving(FaultServer):
    """Keeps its connections, to disturb them."""

    def __init__(self) -> None:
        super().__init__(otherwise=self._converse)
        self._open: set[Peer] = set()

    def _converse(self, peer: Peer) -> None:
        self._open.add(peer)
        try:
            misbehave(peer)
        finally:
            self._open.discard(peer)

    def disturb(self) -> None:
        """Sends on every connection what nobody has asked for. To be called between calls."""
        self.requests.clear()
        for peer in list(self._open):
            with contextlib.suppress(OSError):
                peer.send(_MALLORY)


def misbehave(peer: Peer) -> None:
    """A script: answers most requests as they deserve."""
    while request := peer.request():
        token = _BEARER.search(request)
        user = token[1].decode() if token else "nobody"
        link = f"https://tenant.example/{user}".encode()
        answer = profile(user)
        if request.startswith(b"POST"):
            answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(link) + link
        place = random.randrange(1000)
        if place >= len(_FAULTS):
            peer.send(answer)
        elif not _FAULTS[place](peer, answer):
            return


def _early(peer: Peer, answer: bytes) -> bool:
    # The pause is what shows a client that takes the first for the answer.
    peer.send(_EARLY * random.randint(1, 8))
    peer.stall(random.choice([0, 0.002]))
    peer.send(answer)
    return True


def _poisoned(peer: Peer, answer: bytes) -> bool:
    # In one segment: what a server forges while the next request is under way, no client
    # can tell from an answer.
    peer.send(answer + _MALLORY)
    return True


def _poisoned_empty(peer: Peer, answer: bytes) -> bool:
    peer.send(b"HTTP/1.1 204 None\r\n\r\n" + _MALLORY)
    return True


def _closed(peer: Peer, answer: bytes) -> bool:
    return False


def _reset(peer: Peer, answer: bytes) -> bool:
    peer.reset()
    return False


def _truncated(peer: Peer, answer: bytes) -> bool:
    peer.send(answer[: random.randint(1, len(answer) - 1)])
    return False


def _busy(peer: Peer, answer: bytes) -> bool:
    peer.send(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
    return True


def _ambiguous(peer: Peer, answer: bytes) -> bool:
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}")
    return True


def _dripped(peer: Peer, answer: bytes) -> bool:
    peer.drip(answer, every=0.002)
    return True


def _stalled(peer: Peer, answer: bytes) -> bool:
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
            servers[int(line)].disturb()
            print("done", flush=True)


if __name__ == "__main__":
    main()
