"""Servers whose connections get to a point of the exchange and no further."""

from __future__ import annotations

import asyncio
import threading

from tests.redaction.scenarios import Behavior
from tests.redaction.secrets import Secrets

from usersmanager.testing import FaultServer, Peer

__all__ = ["POINTS", "StallingServer", "before_the_response", "in_the_handshake"]


def in_the_handshake(secrets: Secrets, peer: Peer) -> None:
    peer.receive()


def before_the_response(secrets: Secrets, peer: Peer) -> None:
    peer.request()


def within_the_response(secrets: Secrets, peer: Peer) -> None:
    peer.request()
    head = "HTTP/1.1 200 TOKEN\r\nContent-Length: 9999\r\nX: TOKEN\r\n\r\n"
    peer.send(secrets.fill(f"{head}TOKEN LINK"))


POINTS: list[Behavior] = [in_the_handshake, before_the_response, within_the_response]


class StallingServer(FaultServer):
    """A server whose connections get to a point of the exchange and no further.

    Attributes:
        stalls: released for each connection that has got there.
    """

    def __init__(self, point: Behavior, secrets: Secrets) -> None:
        super().__init__(otherwise=self._stall)
        self.stalls = threading.Semaphore(0)
        self._point = point
        self._secrets = secrets

    @property
    def url(self) -> str:
        """The base URL that leads to the point."""
        is_tls = self._point is in_the_handshake
        return self.origin.replace("http:", "https:") if is_tls else self.origin

    def _stall(self, peer: Peer) -> None:
        self._point(self._secrets, peer)
        self.stalls.release()
        peer.stall()

    def release(self) -> None:
        """End the connections."""
        self._stopping.set()

    async def stalled(self) -> None:
        """Wait until a connection has stalled, and the client has read what was sent."""
        assert await asyncio.to_thread(self.stalls.acquire, timeout=5)
        await asyncio.sleep(0.01)
