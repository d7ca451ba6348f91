"""Servers that several tests of transports use."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading

import trustme

from usersmanager.testing import Peer

__all__ = ["tls_contexts", "tunnel"]


def tls_contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the context of a server named localhost, and a client's that trusts it."""
    authority = trustme.CA()
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client_context = ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server_context)
    authority.configure_trust(client_context)
    return server_context, client_context


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
