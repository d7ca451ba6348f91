"""Shared implementation of the transport contracts: requests, server scripts and assertions."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ClassVar, TypeAlias

from ..._values.deadline import Deadline
from ..._values.messages import Request, Response
from ..._values.token import Token
from ...errors import DeadlineExceededError, TransportError
from ..fault_server import FaultServer, Peer, Script, echo, profile
from .clients import AsyncClient, Client, SyncClient
from .exemptions import Exemptions

__all__ = [
    "Contract",
    "answering",
    "ending",
    "make_request",
    "outcome_of",
    "subject",
    "with_short_timeout",
]

ErrorTypes: TypeAlias = type[TransportError] | tuple[type[TransportError], ...]

# Seconds. A busy machine may need longer than the first to connect and to send a request.
_SHORT_TIMEOUTS = (0.1, 0.3, 1.0)

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
    """Return a request to a server, as a manager makes it."""
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


def with_short_timeout(check: Callable[[float], object]) -> None:
    """Run a check with a short timeout, and with longer ones if it fails.

    So a check may assume that a request is sent before its deadline.
    """
    *shorter, longest = _SHORT_TIMEOUTS
    for timeout in shorter:
        with contextlib.suppress(AssertionError):
            check(timeout)
            return
    check(longest)


def subject(response: Response) -> str:
    """Return the subject of the profile in a response."""
    return str(json.loads(response.body)["sub"])


def outcome_of(send: Callable[[Request], Response], request: Request) -> Response | Exception:
    """Return the response to a request, or the error that it raises."""
    try:
        return send(request)
    except Exception as error:
        return error


class Contract(Exemptions):
    """Base class of the transport contracts: how a test case is checked.

    Attributes:
        client_class: how a transport is called, sync or async.
        slack: seconds by which a deadline may be missed. Transports guarantee 0.1; the rest is
            for a busy machine.
    """

    slack: ClassVar[float] = 0.5
    client_class: ClassVar[type[SyncClient] | type[AsyncClient]]

    def transport(self, **settings: Any) -> Any:
        """Return a new transport. Override this method.

        Args:
            settings: `pool_size` (an int) or `ssl_context`, in test cases that need them.
        """
        raise NotImplementedError("override transport(**settings) to return a new transport")

    @contextlib.contextmanager
    def client(self, **settings: Any) -> Iterator[Any]:
        """Yield a client of a new transport, and close both at the end."""
        client = self.client_class(self.transport(**settings))
        try:
            yield client
        finally:
            client.close()

    def assert_own_response(
        self,
        client: Client,
        server: FaultServer,
        token: str,
        *,
        rule: str = "a request must get its own response",
    ) -> None:
        """Check that a request gets the response to its own token; `rule` is the message if not."""
        try:
            owner = subject(client.send(make_request(server, token)))
        except Exception as error:
            raise AssertionError(f"{rule}, not {error!r}") from error
        assert owner == token, rule

    def assert_fails(
        self,
        client: Client,
        request: Request,
        error_types: ErrorTypes,
        fault: str,
        *,
        sent: bool,
        as_manager: bool = False,
    ) -> TransportError:
        """Check that a request fails before its deadline, and return the error.

        `fault` begins the message of a failing assertion, `sent` is what the error must say,
        and `as_manager` sends as a manager does, which removes frames from errors.
        """
        rule = f"{fault} must raise {_names(error_types)}"
        send = client.send_as_manager if as_manager else client.send
        outcome = outcome_of(send, request)
        late = -request.remaining()
        assert isinstance(outcome, error_types), f"{rule}, not {outcome!r}"
        assert late < self.slack, f"{rule} before the deadline, not {late:.2f} s after it"
        assert outcome.sent is sent, f"{rule} whose `sent` is {sent}"
        return outcome

    def assert_fault(self, script: Script, error_types: ErrorTypes, fault: str) -> None:
        """Check a fault after a request was sent: on a new, a reused and a dedicated connection.

        The error must have its type, the request must not be sent again, and the connection
        must not be used again.
        """
        self._assert_fault(script, error_types, fault)
        self._assert_fault(script, error_types, fault, warm=True)
        self._assert_fault(script, error_types, fault, idempotent=False)

    def assert_deadline(self, script: Script, fault: str) -> None:
        """Check a fault that lasts beyond the deadline, as `assert_fault` does."""

        def check(**variant: bool) -> None:
            assert_fault = partial(
                self._assert_fault, script, DeadlineExceededError, fault, **variant
            )
            with_short_timeout(lambda timeout: assert_fault(timeout=timeout))

        with ThreadPoolExecutor() as executor:  # They wait at the same time.
            checks = [
                executor.submit(check),
                executor.submit(check, warm=True),
                executor.submit(check, idempotent=False),
            ]
        for finished in checks:
            finished.result()

    def _assert_fault(
        self,
        script: Script,
        error_types: ErrorTypes,
        fault: str,
        *,
        timeout: float = 5.0,
        warm: bool = False,
        idempotent: bool = True,
    ) -> None:
        script = _after_good_response(script) if warm else script
        with FaultServer(script) as server, self.client() as client:
            if warm:
                self.assert_own_response(client, server, "before")
            request = make_request(server, timeout=timeout, idempotent=idempotent)
            self.assert_fails(client, request, error_types, fault, sent=True)
            # Once this is answered, the server has accepted all earlier connections.
            rule = f"the request after {fault} must get its own response"
            self.assert_own_response(client, server, "after", rule=rule)
            assert server.connections > 1, f"a connection must not be reused after {fault}"
            assert server.connections == 2, f"a transport must not reconnect after {fault}"
            assert len(server.requests) <= 2 + warm, f"a request was sent again after {fault}"

    def assert_succeeds(self, script: Script, rule: str, *, reused: bool) -> None:
        """Check a request that a script answers, and a second one after it.

        `rule` begins the message of a failing assertion; `reused` says whether the second
        request must use the connection of the first.
        """
        with FaultServer(script) as server, self.client() as client:
            self.assert_own_response(client, server, "first", rule=rule)
            client.idle(0.02)
            self.assert_own_response(client, server, "second", rule=rule)
            must = "must" if reused else "must not"
            assert server.connections == 2 - reused, f"{rule}; the connection {must} be reused"


def _names(error_types: ErrorTypes) -> str:
    types = error_types if isinstance(error_types, tuple) else (error_types,)
    return " or ".join(error_type.__name__ for error_type in types)


def _after_good_response(script: Script) -> Script:
    def warmed(peer: Peer) -> object:
        peer.request()
        peer.send(profile("before"))
        return script(peer)

    return warmed


def answering(response: bytes, *, then: Script = echo) -> Script:
    """Return a script that reads a request, sends these bytes and continues with another script."""

    def script(peer: Peer) -> object:
        peer.request()
        peer.send(response)
        return then(peer)

    return script


def ending(response: bytes, *, reset: bool = False) -> Script:
    """Return a script that reads a request, sends these bytes and ends the connection."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(response)
        if reset:
            if response:
                time.sleep(0.05)  # A reset discards what the client has not read.
            peer.reset()

    return script
