"""The contract of a transport, as tests to subclass.

    class TestMine(TransportContract):
        def transport(self, **settings):
            return MyTransport(**settings)

Each test is a row: a fault or a threat, and what a transport must make of it. The rows
are in `contract_rows.py`, `contract_framing.py`, `contract_security.py` and
`contract_tls.py`; how a row is checked is here. Written for pytest; needs trustme for the
certificates.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any, ClassVar

from ..._values.deadline import Deadline
from ..._values.messages import Request, Response
from ..._values.token import Token
from ...errors import Phase, TransportError
from ..fault_server import FaultServer, Peer, Script, echo, profile
from .clients import AsyncClient, BlockingClient, Client
from .exemptions import Exemptions

__all__ = ["Contract", "make_request", "subject"]


HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "User-Agent": "contract",
}


def make_request(
    server: FaultServer,
    token: str = "a-token",
    *,
    timeout: float = 5.0,
    target: str = "/userinfo",
    idempotent: bool = True,
    headers: dict[str, str] | None = None,
) -> Request:
    """A request to a server, as the core would make it."""
    return Request(
        operation="get_info" if idempotent else "impersonate",
        method="GET" if idempotent else "POST",
        origin=server.origin,
        target=target,
        headers=HEADERS if headers is None else headers,
        body=None if idempotent else b'{"protocol": "oauth2"}',
        token=Token(token),
        deadline=Deadline.after(timeout),
        idempotent=idempotent,
    )


def subject(response: Response) -> str:
    """Whose profile it is."""
    import json

    return str(json.loads(response.body)["sub"])


class Contract(Exemptions):
    """How a row is checked.

    Attributes:
        client_kind: the mode.
        slack: seconds by which a deadline may be missed.
    """

    slack: ClassVar[float] = 0.1
    client_kind: ClassVar[type[BlockingClient] | type[AsyncClient]]

    def transport(self, **settings: Any) -> Any:
        """The factory to override: a new transport.

        Args:
            settings: `pool_size` (an int) or `ssl_context`, where a row needs them.
        """
        raise NotImplementedError("override transport(**settings) to return a new transport")

    @contextlib.contextmanager
    def client(self, **settings: Any) -> Iterator[Any]:
        """A new transport of the mode, closed in the end."""
        client = self.client_kind(self.transport(**settings))
        try:
            yield client
        finally:
            client.close()

    def refused(
        self, client: Client, request: Request, *, as_manager: bool = False
    ) -> TransportError:
        """Return the transport error that a request ends with, in time."""
        send = client.send_as_manager if as_manager else client.send
        try:
            response = send(request)
        except TransportError as error:
            assert -request.remaining() < self.slack, "the deadline was missed"
            return error
        raise AssertionError(f"no transport error, but {response!r}")

    def check(
        self,
        script: Script,
        kind: type[TransportError] | tuple[type[TransportError], ...],
        phase: Phase = "unknown",
        *,
        timeout: float = 5.0,
    ) -> None:
        """A fault after a request: on a fresh connection, a reused one, and one of its own.

        The request is sent once, the error has its kind and phase, and the connection
        never answers again.
        """
        self._check(script, kind, phase, timeout)
        self._check(_after_a_good_answer(script), kind, phase, timeout, warm=True)
        self._check(script, kind, phase, timeout, idempotent=False)

    def _check(
        self,
        script: Script,
        kind: type[TransportError] | tuple[type[TransportError], ...],
        phase: Phase,
        timeout: float,
        *,
        warm: bool = False,
        idempotent: bool = True,
    ) -> None:
        with FaultServer(script) as server, self.client() as client:
            if warm:
                assert subject(client.send(make_request(server, "before"))) == "before"
            error = self.refused(
                client, make_request(server, timeout=timeout, idempotent=idempotent)
            )
            assert isinstance(error, kind), f"{type(error).__name__} is no {kind}"
            assert error.phase == phase
            assert server.connections == 1
            assert len(server.requests) == 1 + warm, "the request was sent again"
            assert subject(client.send(make_request(server, "after"))) == "after"
            assert server.connections == 2, "the connection was used again"

    def accepted(self, script: Script, *, connections: int, exact: bool = False) -> None:
        """Two calls: the first is answered by a script, the second must get its own answer."""
        with FaultServer(script) as server, self.client() as client:
            assert (
                subject(client.send(make_request(server, "first", idempotent=not exact))) == "first"
            )
            client.idle(0.1)
            assert subject(client.send(make_request(server, "second"))) == "second"
            assert server.connections == connections


def _after_a_good_answer(script: Script) -> Script:
    def warmed(peer: Peer) -> object:
        peer.request()
        peer.send(profile("before"))
        return script(peer)

    return warmed


def answering(answer: bytes, *, then: Script = echo) -> Script:
    """A script: reads a request, sends these bytes, goes on with another script."""

    def script(peer: Peer) -> object:
        peer.request()
        peer.send(answer)
        return then(peer)

    return script


def ending(answer: bytes, *, reset: bool = False) -> Script:
    """A script: reads a request, sends these bytes, ends the connection."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer)
        if reset:
            # What was sent must have arrived: a reset overtakes it.
            time.sleep(0.05)
            peer.reset()

    return script
