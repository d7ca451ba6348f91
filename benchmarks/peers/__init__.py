"""The contestants: each one a small function, in the form its library is used well.

Every one takes a `Target` and gives a function that fetches one profile. A peer whose
library is not installed is left out.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import NamedTuple

from multidict import CIMultiDict, CIMultiDictProxy

from usersmanager import Request
from usersmanager.plugins import Token
from usersmanager.transports import Deadline

from ..profiles import TOKEN
from ..rounds import AsyncCall, Call

__all__ = [
    "HEADERS",
    "OURS",
    "OURS_ALONE",
    "OURS_BARE",
    "OURS_FAST",
    "AsyncPeer",
    "Peer",
    "Target",
    "by_hand",
    "ready_request",
]

OURS = "usersmanager"
OURS_BARE = "usersmanager, no plugins"
OURS_FAST = "usersmanager, httptools"
OURS_ALONE = "usersmanager_httptools, the transport alone"
HEADERS = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"}


class Target(NamedTuple):
    """What to ask.

    Attributes:
        host: a name or address.
        port: the TCP port.
        prefix: the path before "/userinfo".
        connections: how many a pool may keep.
        scheme: "http" or "https".
    """

    host: str
    port: int
    prefix: str = "/b1000"
    connections: int = 100
    scheme: str = "http"

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://{self.host}:{self.port}"

    @property
    def base_url(self) -> str:
        """What comes before "/userinfo"."""
        return self.origin + self.prefix

    @property
    def path(self) -> str:
        """The path of the profile."""
        return self.prefix + "/userinfo"

    @property
    def url(self) -> str:
        """The address of the profile."""
        return self.origin + self.path

    def tls(self) -> ssl.SSLContext | None:
        """What speaks TLS for who brings no context of its own; None for plain HTTP."""
        return ssl.create_default_context() if self.scheme == "https" else None

    def request(self) -> bytes:
        """The request as it goes over the wire."""
        lines = [f"GET {self.path} HTTP/1.1", f"Host: {self.host}:{self.port}"]
        lines += [f"{name}: {value}" for name, value in HEADERS.items()]
        return "\r\n".join([*lines, "", ""]).encode()


class Peer(NamedTuple):
    """A blocking contestant."""

    name: str
    open: Callable[[Target], AbstractContextManager[Call]]


class AsyncPeer(NamedTuple):
    """An asyncio contestant."""

    name: str
    open: Callable[[Target], AbstractAsyncContextManager[AsyncCall]]


def ready_request(target: Target) -> Request:
    """What the core hands to a transport."""
    return Request(
        operation="get_info",
        method="GET",
        origin=target.origin,
        target=target.path,
        headers=CIMultiDictProxy(CIMultiDict({"Accept": "application/json"})),
        body=None,
        token=Token(TOKEN),
        deadline=Deadline.after(3600),
        idempotent=True,
    )


def by_hand(received: bytes) -> object:
    """A response parsed by hand: its body decoded, or None while it is not whole."""
    head = received.find(b"\r\n\r\n") + 4
    if head < 4:
        return None
    begin = received.index(b"Content-Length: ") + 16
    length = int(received[begin : received.index(b"\r", begin)])
    return json.loads(received[head:]) if len(received) - head >= length else None
