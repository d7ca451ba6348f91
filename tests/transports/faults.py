"""Failures of servers and proxies. Each yields what a call needs to run into it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from unittest import mock

from tests.certificates import requiring_client_certificates
from tests.transports.names import hanging, refusing_address
from tests.transports.tls_server import TCP, TLS, Server, refusing

from usersmanager.testing import FaultServer, Peer
from usersmanager.testing.certificates import client_context, new_authority, server_context
from usersmanager.testing.contracts.scripts import answering
from usersmanager.testing.fault_server import Script

__all__ = [
    "HOST",
    "SHORT",
    "TLS_1_2",
    "TLS_1_3",
    "Fault",
    "answer_without_tls",
    "ciphers_context",
    "client_context_with_certificate",
    "end_handshake",
    "insecure",
    "old_client_context",
    "old_context",
    "proxied",
    "refuse_tunnel",
    "refused",
    "refused_proxy",
    "requiring_certificate",
    "reset_handshake",
    "secured",
    "served",
    "silent",
    "silent_handshake",
    "slow_resolver",
    "unknown_name",
    "unknown_proxy",
    "unreachable",
    "untrusted_origin_in_a_tunnel",
    "untrusted_proxy",
]

# The base URL of a call, settings of its transport, and its timeout.
Target = dict[str, Any]
Fault = Callable[[], AbstractContextManager[Target]]

HOST = "localhost"
SHORT = 0.3
TLS_1_2, TLS_1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


@contextlib.contextmanager
def refused() -> Iterator[Target]:
    with refusing_address() as (host, port):
        yield {"base_url": f"http://{host}:{port}"}


@contextlib.contextmanager
def unreachable() -> Iterator[Target]:
    # No system has a route for TCP to a multicast address.
    yield {"base_url": "http://224.0.0.1:9"}


@contextlib.contextmanager
def unknown_name() -> Iterator[Target]:
    with mock.patch("socket.getaddrinfo", side_effect=socket.gaierror(socket.EAI_NONAME, "?")):
        yield {"base_url": "https://origin.example"}


@contextlib.contextmanager
def slow_resolver() -> Iterator[Target]:
    with hanging("origin.example"):
        yield {"base_url": "https://origin.example", "connect_timeout": SHORT}


@contextlib.contextmanager
def silent_handshake() -> Iterator[Target]:
    with FaultServer(Peer.wait_closed) as server:
        yield {"base_url": https(server), "connect_timeout": SHORT}


@contextlib.contextmanager
def served(script: Script, **settings: Any) -> Iterator[Target]:
    """Serve plain connections with a script."""
    with FaultServer(script) as server:
        yield {"base_url": server.origin, **settings}


@contextlib.contextmanager
def insecure(script: Script) -> Iterator[Target]:
    """Serve connections with a script, which is to handle TLS."""
    with FaultServer(script) as server:
        yield {"base_url": https(server)}


@contextlib.contextmanager
def secured(
    make_context: Callable[[], ssl.SSLContext],
    make_client_context: Callable[[], ssl.SSLContext] = client_context,
) -> Iterator[Target]:
    """Serve TLS connections."""
    with FaultServer(ssl_context=make_context(), host=HOST) as server:
        yield {"base_url": server.origin, "ssl_context": make_client_context()}


def https(server: FaultServer) -> str:
    return server.origin.replace("http:", "https:")


def old_context() -> ssl.SSLContext:
    """Return the context of a server that speaks TLS 1.1 alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context = server_context(version=ssl.TLSVersion.TLSv1_1)
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def old_client_context() -> ssl.SSLContext:
    context = client_context()
    context.maximum_version = TLS_1_2
    return context


def ciphers_context(name: str, context: ssl.SSLContext) -> ssl.SSLContext:
    """Return a context for TLS 1.2 and one cipher alone."""
    context.maximum_version = TLS_1_2
    context.set_ciphers(name)
    return context


def client_context_with_certificate() -> ssl.SSLContext:
    """Return the context of a client with a certificate of an authority that no server trusts."""
    context = client_context()
    new_authority().issue_cert("client.example").configure_cert(context)
    return context


@contextlib.contextmanager
def requiring_certificate(
    version: ssl.TLSVersion,
    make_client_context: Callable[[], ssl.SSLContext],
    *,
    waits: bool = False,
) -> Iterator[Target]:
    """Serve TLS connections to clients with a certificate.

    Args:
        version: of TLS.
        make_client_context: of the client.
        waits: whether to wait for the request before a client is refused.
    """
    script = refusing(requiring_client_certificates(version, HOST), [], waits=waits)
    with Server(script) as server:
        yield {
            "base_url": f"https://{HOST}:{server.port}",
            "ssl_context": make_client_context(),
        }


@contextlib.contextmanager
def proxied(script: Script, scheme: str = "https", **settings: Any) -> Iterator[Target]:
    """Use a proxy that serves connections with a script."""
    with FaultServer(*[script] * 3) as proxy:
        yield {"base_url": f"{scheme}://origin.example", "proxy": proxy.origin, **settings}


@contextlib.contextmanager
def refused_proxy(scheme: str) -> Iterator[Target]:
    with refusing_address() as (host, port):
        yield {"base_url": f"{scheme}://origin.example", "proxy": f"http://{host}:{port}"}


@contextlib.contextmanager
def unknown_proxy(scheme: str) -> Iterator[Target]:
    with unknown_name():
        yield {"base_url": f"{scheme}://origin.example", "proxy": "http://proxy.example:3128"}


@contextlib.contextmanager
def untrusted_proxy(scheme: str) -> Iterator[Target]:
    with FaultServer(ssl_context=server_context(), host=HOST) as proxy:
        yield {
            "base_url": f"{scheme}://origin.example",
            "proxy": proxy.origin,
            "ssl_context": ssl.create_default_context(),
        }


@contextlib.contextmanager
def untrusted_origin_in_a_tunnel() -> Iterator[Target]:
    context = server_context("origin.example", issuer=new_authority())

    def script(connection: TCP) -> None:
        connection.receive()
        connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
        TLS(connection, context).handshake()

    with Server(script) as proxy:
        yield {
            "base_url": "https://origin.example",
            "proxy": f"http://127.0.0.1:{proxy.port}",
            "ssl_context": client_context(),
        }


def refuse_tunnel(status: int) -> Script:
    return answering(b"HTTP/1.1 %d x\r\nContent-Length: 0\r\n\r\n" % status)


def silent(peer: Peer) -> None:
    peer.request()
    peer.wait_closed()


def reset_handshake(peer: Peer) -> None:
    peer.receive()
    peer.reset()


def end_handshake(peer: Peer) -> None:
    peer.receive()


def answer_without_tls(peer: Peer) -> None:
    peer.receive()
    peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    peer.wait_closed()
