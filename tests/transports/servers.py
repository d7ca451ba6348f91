"""Servers that several tests of transports use."""

from __future__ import annotations

import contextlib
import socket
import threading

from usersmanager.testing import Peer

__all__ = ["tunnel"]


def tunnel(peer: Peer) -> None:
    """A script: handle CONNECT, and forward data in both directions."""
    host, _, port = peer.request().split(b" ")[1].decode().partition(":")
    with socket.create_connection((host, int(port))) as target:
        peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")

        def forward_responses() -> None:
            with contextlib.suppress(OSError):
                while data := target.recv(65536):
                    peer.send(data)

        thread = threading.Thread(target=forward_responses)
        thread.start()
        with contextlib.suppress(OSError):
            while data := peer.receive():
                target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)
        thread.join()
