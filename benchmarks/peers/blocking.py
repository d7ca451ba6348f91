"""The blocking contestants."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from json import loads

import urllib3

from usersmanager import UsersManager
from usersmanager.transports import readable
from usersmanager_httptools import HttptoolsTransport

from ..profiles import TOKEN
from ..rounds import Call
from . import (
    HEADERS,
    OURS,
    OURS_ALONE,
    OURS_BARE,
    OURS_FAST,
    Peer,
    Target,
    by_hand,
    ready_request,
)

__all__ = ["BASE", "LIMIT", "LIMIT_SAFE", "NAIVE", "PEERS"]

BASE = "urllib3, used well"
NAIVE = "urllib3, PoolManager.request"
LIMIT = "raw socket, by hand (the limit)"
LIMIT_SAFE = "raw socket, dead check and deadline (the limit)"


class _Sockets(threading.local):
    """A connection for each thread."""

    def __init__(self, target: Target, opened: list[socket.socket]) -> None:
        context = target.tls()
        made = socket.create_connection((target.host, target.port))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = context.wrap_socket(made, server_hostname=target.host) if context else made
        self.has_arrived = readable(self.sock.fileno())
        self.used = False
        opened.append(self.sock)


@contextmanager
def _raw_socket(target: Target) -> Iterator[Call]:
    opened: list[socket.socket] = []
    own = _Sockets(target, opened)
    request = target.request()

    def call() -> object:
        sock = own.sock
        sock.sendall(request)
        received = sock.recv(65536)
        while (profile := by_hand(received)) is None:
            received += sock.recv(1 << 20)
        return profile

    yield call
    for one in opened:
        one.close()


@contextmanager
def _raw_socket_that_looks(target: Target) -> Iterator[Call]:
    opened: list[socket.socket] = []
    own = _Sockets(target, opened)
    request = target.request()

    def call() -> object:
        sock, has_arrived = own.sock, own.has_arrived
        deadline = time.monotonic() + 10
        if own.used and has_arrived():  # At first, there may be tickets of TLS.
            raise ConnectionError
        own.used = True
        sock.sendall(request)
        received = b""
        while (profile := by_hand(received)) is None:
            if not has_arrived(deadline - time.monotonic()):
                raise TimeoutError
            received += sock.recv(65536)
        return profile

    yield call
    for one in opened:
        one.close()


@contextmanager
def _urllib3_well(target: Target) -> Iterator[Call]:
    retries = urllib3.Retry(total=False, redirect=False)
    timeout = urllib3.Timeout(10)
    with urllib3.connection_from_url(
        target.origin, timeout=timeout, maxsize=target.connections, block=True
    ) as pool:
        yield lambda: loads(
            pool.urlopen(
                "GET",
                target.path,
                headers=HEADERS,
                retries=retries,
                redirect=False,
                assert_same_host=False,
            ).data
        )


@contextmanager
def _urllib3_naive(target: Target) -> Iterator[Call]:
    with urllib3.PoolManager(maxsize=target.connections, timeout=10) as manager:
        yield lambda: manager.request("GET", target.url, headers=HEADERS).json()


@contextmanager
def _ours(target: Target) -> Iterator[Call]:
    with UsersManager(target.base_url) as users:
        yield lambda: users.get_info(TOKEN)


@contextmanager
def _ours_bare(target: Target) -> Iterator[Call]:
    with UsersManager(target.base_url, discover=False) as users:
        yield lambda: users.get_info(TOKEN)


@contextmanager
def _ours_fast(target: Target) -> Iterator[Call]:
    with UsersManager(target.base_url, transport="httptools") as users:
        yield lambda: users.get_info(TOKEN)


@contextmanager
def _ours_alone(target: Target) -> Iterator[Call]:
    transport = HttptoolsTransport()
    request = ready_request(target)
    yield lambda: loads(transport.send(request).body)
    transport.close()


@contextmanager
def _requests(target: Target) -> Iterator[Call]:
    import requests

    with requests.Session() as session:
        session.mount(target.origin, requests.adapters.HTTPAdapter(pool_maxsize=target.connections))
        yield lambda: session.get(target.url, headers=HEADERS, timeout=10).json()


@contextmanager
def _httpx(target: Target) -> Iterator[Call]:
    import httpx

    limits = httpx.Limits(max_connections=target.connections)
    with httpx.Client(limits=limits, timeout=60) as client:
        yield lambda: client.get(target.url, headers=HEADERS).json()


@contextmanager
def _auth0(target: Target) -> Iterator[Call]:
    # `protocol` is its own argument for tests. It makes a connection for each call.
    from auth0.authentication import Users

    domain = target.base_url.removeprefix(f"{target.scheme}://")
    users = Users(domain, protocol=target.scheme)
    yield lambda: users.userinfo(TOKEN)


@contextmanager
def _authlib(target: Target) -> Iterator[Call]:
    import requests
    from authlib.integrations.requests_client import OAuth2Session

    token = {"access_token": TOKEN, "token_type": "Bearer"}
    with OAuth2Session(token=token) as session:
        session.mount(target.origin, requests.adapters.HTTPAdapter(pool_maxsize=target.connections))
        yield lambda: session.get(target.url, timeout=10).json()


@contextmanager
def _elastic(target: Target) -> Iterator[Call]:
    from elastic_transport import NodeConfig, Transport

    node = NodeConfig(
        target.scheme,
        target.host,
        target.port,
        path_prefix=target.prefix,
        connections_per_node=target.connections,
        ssl_context=target.tls(),  # Its own trusts certifi, not the system.
    )
    transport = Transport([node])
    yield lambda: transport.perform_request("GET", "/userinfo", headers=HEADERS).body
    transport.close()


@contextmanager
def _azure(target: Target) -> Iterator[Call]:
    from azure.core import PipelineClient
    from azure.core.pipeline.transport import RequestsTransport
    from azure.core.rest import HttpRequest

    with PipelineClient(target.origin, transport=RequestsTransport()) as client:
        yield lambda: client.send_request(HttpRequest("GET", target.url, headers=HEADERS)).json()


PEERS = (
    Peer(LIMIT, _raw_socket),
    Peer(LIMIT_SAFE, _raw_socket_that_looks),
    Peer(BASE, _urllib3_well),
    Peer(OURS, _ours),
    Peer(OURS_BARE, _ours_bare),
    Peer(OURS_FAST, _ours_fast),
    Peer(OURS_ALONE, _ours_alone),
    Peer(NAIVE, _urllib3_naive),
    Peer("elastic-transport", _elastic),
    Peer("httpx", _httpx),
    Peer("requests, a session", _requests),
    Peer("authlib", _authlib),
    Peer("auth0-python, Users.userinfo", _auth0),
    Peer("azure-core", _azure),
)
