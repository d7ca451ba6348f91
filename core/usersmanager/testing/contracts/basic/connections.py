"""Basic cases: callers get their own responses, and closing."""

from __future__ import annotations

from functools import partial

from ...._values.response import Response
from ....errors import TransportError
from ...fault_server import FaultServer, echo, profile
from ...peer import Peer
from ..cases import Contract, describe, make_request, outcome_of, subject
from ..clients import Outcome

__all__ = ["ATTACKER", "ConnectionCases", "owners"]

ATTACKER = profile("attacker")


class ConnectionCases(Contract):
    """Callers get their own responses, and closing."""

    def test_concurrent_requests_get_their_own_responses(self) -> None:
        users = [f"user-{number}" for number in range(50)]
        with FaultServer() as server, self.client() as client:
            outcomes = client.send_all([partial(make_request, server, user) for user in users])
        assert owners(outcomes) == users, "each of many requests must get its own response"

    def test_a_response_after_an_interim_one_reaches_no_other_caller(self) -> None:
        for interim in (b"100 Continue", b"102 Processing", b"103 Early Hints"):
            self._assert_not_mixed_up(b"HTTP/1.1 " + interim + b"\r\n\r\n")

    def _assert_not_mixed_up(self, interim: bytes) -> None:
        def late(peer: Peer) -> None:
            peer.request()
            peer.send(interim)
            peer.stall(0.1)  # Time for a client that takes it for the response to go on.
            peer.send(profile("first"))
            echo(peer)

        with FaultServer(late) as server, self.client() as client:
            outcome = outcome_of(client.send, make_request(server, "first"))
            if isinstance(outcome, Exception) and not isinstance(outcome, TransportError):
                raise outcome
            # The manager raises a ProtocolError for a response with an interim status.
            if isinstance(outcome, Response) and outcome.status >= 200:
                assert owners([outcome]) == ["first"], "a request must get its own response"
            rule = f"after {interim!r}, the response to one caller must not reach the next one"
            self.assert_own_response(client, server, "second", rule=rule)

    def test_a_connection_that_is_to_be_closed_is_not_used_again(self) -> None:
        rule = (
            "a connection whose request said `Connection: close` must not be used again,"
            " even if the server keeps it open"
        )

        def keeping(peer: Peer) -> None:
            peer.request()
            peer.send(profile("first"))
            if peer.request():
                peer.send(ATTACKER)

        def talkative(peer: Peer) -> None:
            peer.request()
            peer.send(profile("first") + ATTACKER)
            peer.wait_closed()

        for script in (keeping, talkative):
            with FaultServer(script) as server, self.client() as client:
                response = client.send(make_request(server, "first").with_connection_close())
                assert subject(response) == "first", "a request must get its own response"
                self.assert_own_response(client, server, "second", rule=rule)
                assert server.connections == 2, rule

    def test_it_can_be_closed_twice(self) -> None:
        with self.client() as client:
            client.close_transport()
            client.close_transport()
        with FaultServer() as server, self.client() as client:
            self.assert_own_response(client, server, "mine")
            client.close_transport()
            client.close_transport()


def owners(outcomes: list[Outcome]) -> list[str]:
    """Return the subject of each profile, or the text of the error instead."""
    return [
        subject(outcome) if isinstance(outcome, Response) else describe(outcome)
        for outcome in outcomes
    ]
