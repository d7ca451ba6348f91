"""A server that misbehaves at random, in a process of its own. It ends when stdin does."""

from __future__ import annotations

import random
import re
import sys

from usersmanager.testing import FaultServer, Peer
from usersmanager.testing.faults import profile

_BEARER = re.compile(rb"\r\nAuthorization: Bearer ([^\r\n]*)\r\n")
_EARLY = b"HTTP/1.1 103 Early Hints\r\n\r\n"
_MALLORY = profile("mallory")


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
    peer.send(_EARLY * random.randint(1, 8) + answer)
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
    with FaultServer(otherwise=misbehave) as server:
        print(server.origin, flush=True)
        for _ in sys.stdin:
            server.requests.clear()


if __name__ == "__main__":
    main()
