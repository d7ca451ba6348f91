"""Assertions of the strict cases: faults on each kind of connection, and reuse."""

from __future__ import annotations

from functools import partial

from ....errors import DeadlineExceededError
from ...fault_server import FaultServer, Script, profile
from ...peer import Peer
from ..cases import Contract, ErrorTypes, make_request, with_short_timeout
from ..watchdog import run_within

__all__ = ["StrictCases"]


class StrictCases(Contract):
    """Base class of the strict cases."""

    def assert_fault(self, script: Script, error_types: ErrorTypes, fault: str) -> None:
        """Check a fault after a request was sent: on a new, a reused and a dedicated connection.

        The error must have the right type, the request must not be sent again, and the connection
        must not be reused.
        """
        self._assert_fault(script, error_types, fault)
        self._assert_fault(script, error_types, fault, warm=True)
        self._assert_fault(script, error_types, fault, idempotent=False)

    def assert_deadline(self, script: Script, fault: str) -> None:
        """Check a fault that lasts beyond the deadline, like `assert_fault`."""

        def check(**variant: bool) -> None:
            assert_fault = partial(
                self._assert_fault, script, DeadlineExceededError, fault, **variant
            )
            with_short_timeout(lambda timeout: assert_fault(timeout=timeout))

        variants = (partial(check, warm=True), partial(check, idempotent=False))
        run_within(self.time_limit, check, *variants)  # They wait at the same time.

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
        """Check that a request and a second one after it get their own responses.

        ``rule`` is the beginning of the failure message; ``reused`` says whether the second request
        must use the connection of the first.
        """
        with FaultServer(script) as server, self.client() as client:
            self.assert_own_response(client, server, "first", rule=rule)
            client.idle(0.02)
            self.assert_own_response(client, server, "second", rule=rule)
            must = "must" if reused else "must not"
            assert server.connections == 2 - reused, f"{rule}; the connection {must} be reused"


def _after_good_response(script: Script) -> Script:
    def warmed(peer: Peer) -> object:
        peer.request()
        peer.send(profile("before"))
        return script(peer)

    return warmed
