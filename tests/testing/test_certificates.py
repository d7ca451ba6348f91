"""TLS contexts for tests."""

from __future__ import annotations

import socket
import ssl
import threading

import pytest

from usersmanager.testing.certificates import (
    authority,
    client_context,
    new_authority,
    server_context,
)


def handshake(server: ssl.SSLContext, host: str = "localhost") -> str | None:
    """Return the version of TLS that a client and a server agree on."""
    client_socket, server_socket = socket.socketpair()

    def serve() -> None:
        with server_socket:
            try:
                server.wrap_socket(server_socket, server_side=True).close()
            except OSError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client_context().wrap_socket(client_socket, server_hostname=host) as tls:
            return tls.version()
    finally:
        client_socket.close()
        thread.join()


def test_all_contexts_of_a_process_share_one_authority() -> None:
    assert authority() is authority()
    assert handshake(server_context()) == "TLSv1.3"


def test_a_version_can_be_chosen() -> None:
    assert handshake(server_context(version=ssl.TLSVersion.TLSv1_2)) == "TLSv1.2"


@pytest.mark.parametrize(
    "server",
    [server_context(issuer=new_authority()), server_context("elsewhere.example")],
    ids=["another authority", "another host"],
)
def test_a_client_rejects_other_certificates(server: ssl.SSLContext) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server)
