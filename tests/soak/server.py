"""Servers that misbehave at random, and proxies, in their own process, which ends with its stdin.

There is a server for each way. The process prints one line of JSON: the certificate of its
authority, and the base URL and the proxy of each way. Each line of stdin is a way. Its server sends
unsolicited bytes over its idle connections, and the process prints a line when that is done.
"""

from __future__ import annotations

import contextlib
import json
import random
import socket
import ssl
import sys
import threading

from usersmanager.testing import FaultServer, Peer, profile
from usersmanager.testing.certificates import authority, server_context
from usersmanager.testing.fault_server import token_of

_EARLY = b"HTTP/1.1 103 Early Hints\r\n\r\n"
_FORGED = profile("attacker")


class Misbehaving(FaultServer):
    """Keeps its connections, to send unsolicited bytes over them."""

    def __init__(self, ssl_context: ssl.SSLContext | None = None) -> None:
        super().__init__(otherwise=self._converse, ssl_context=ssl_context, host="localhost")
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
    """A script: answer most requests correctly."""
    while request := peer.request():
        user = token_of(request)
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


def forward(peer: Peer) -> None:
    """A script: a tunnel that ends for the client as soon as the target closes it."""
    request = peer.request()
    if not request:
        return  # The call was cancelled.
    host, _, port = request.split(b" ")[1].decode().partition(":")
    with socket.create_connection((host, int(port))) as target:
        target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")

        def forward_responses() -> None:
            with contextlib.suppress(OSError):
                while data := target.recv(65536):
                    peer.send(data)
            peer.close()

        thread = threading.Thread(target=forward_responses)
        thread.start()
        with contextlib.suppress(OSError):
            while data := peer.receive():
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        thread.join()


class Ways:
    """The servers, and the proxies in front of them.

    An http origin behind a proxy needs no server of its own: the proxy misbehaves in its place.
    """

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self.servers: dict[str, Misbehaving] = {}
        self.urls: dict[str, tuple[str, str | None]] = {}
        tls = server_context()
        for way, origin_tls, proxy_tls in (
            ("direct", None, None),
            ("direct, TLS", tls, None),
            ("http proxy", None, None),
            ("https proxy", tls, None),
            ("tunnel", tls, None),
            ("tunnel in TLS", tls, tls),
        ):
            server = stack.enter_context(Misbehaving(origin_tls))
            url, proxy = server.origin, None
            if way.startswith("tunnel"):
                tunnels = FaultServer(otherwise=forward, ssl_context=proxy_tls, host="localhost")
                proxy = stack.enter_context(tunnels).origin
            if way.endswith("proxy"):
                url, proxy = "http://127.0.0.1:9", server.origin
            self.servers[way] = server
            self.urls[way] = url, proxy


def main() -> None:
    with contextlib.ExitStack() as stack:
        ways = Ways(stack)
        certificate = authority().cert_pem.bytes().decode()
        print(json.dumps({"authority": certificate, "ways": ways.urls}), flush=True)
        for line in sys.stdin:
            ways.servers[line.strip()].send_unsolicited()
            print("done", flush=True)


if __name__ == "__main__":
    main()
