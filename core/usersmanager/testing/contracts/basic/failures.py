"""Basic cases: the class, time and content of errors."""

from __future__ import annotations

from ....errors import ConnectError, DeadlineExceededError, TransportError
from ...fault_server import FaultServer, Script
from ...peer import Peer
from ..cases import Contract, make_request, outcome_of, with_short_timeout
from ..redaction import SECRET_TOKEN, rendered
from ..scripts import answering, ending, unreachable_server

__all__ = ["FailureCases"]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class FailureCases(Contract):
    """The class, time and content of errors."""

    def test_a_refused_connection_is_a_connect_error(self) -> None:
        with FaultServer() as server:
            pass
        with self.client() as client:
            request = make_request(server)
            self.assert_fails(client, request, ConnectError, "a refused connection", sent=False)

    def test_a_connection_that_ends_before_the_response_is_an_error(self) -> None:
        for reset in (False, True):
            script = ending(b"", reset=reset)
            self._assert_sent_once(script, "the end of the connection before the response")

    def test_a_truncated_body_is_an_error(self) -> None:
        body = b'{"sub": "first"}'
        for response in (
            OK + b"Content-Length: 99\r\n\r\n" + body,
            OK + b"Transfer-Encoding: chunked\r\n\r\n10\r\n" + body + b"\r\n",
        ):
            self._assert_sent_once(ending(response), "a truncated body")

    def _assert_sent_once(self, script: Script, fault: str) -> None:
        """Check that a fault raises an error, and that the request is not sent again."""
        for idempotent in (True, False):
            with FaultServer(otherwise=script) as server, self.client() as client:
                request = make_request(server, idempotent=idempotent)
                self.assert_fails(client, request, TransportError, fault, sent=True)
            times = len(server.requests)
            assert times == 1, f"a request must be sent once, not {times} times, after {fault}"

    def test_a_silent_server_exceeds_the_deadline(self) -> None:
        self._assert_deadline(b"", "a silent server")

    def test_silence_within_a_response_exceeds_the_deadline(self) -> None:
        self._assert_deadline(b"HTTP/1.1 200 OK\r\nContent-", "silence within the header")
        head = OK + b"Content-Length: 99\r\n\r\n"
        self._assert_deadline(head, "silence after the header")
        self._assert_deadline(head + b'{"sub": ', "silence within the body")

    def _assert_deadline(self, response: bytes, fault: str) -> None:
        def check(timeout: float) -> None:
            with (
                FaultServer(answering(response, then=Peer.wait_closed)) as server,
                self.client() as client,
            ):
                request = make_request(server, timeout=timeout)
                self.assert_fails(client, request, DeadlineExceededError, fault, sent=True)

        with_short_timeout(check)

    def test_the_deadline_holds_while_connecting(self) -> None:
        def check(timeout: float) -> None:
            with self.client() as client:
                request, fault = make_request(server, timeout=timeout), "a connect timeout"
                self.assert_fails(client, request, TransportError, fault, sent=None)

        with unreachable_server() as server:
            with_short_timeout(check)

    def test_no_error_shows_the_token(self) -> None:
        secret = SECRET_TOKEN.encode()
        silent = answering(b"", then=Peer.wait_closed)
        scripts: dict[str, Script] = {
            "a reset": ending(b"", reset=True),
            "EOF": ending(b""),
            "a malformed status line": ending(b"nonsense " + secret + b"\r\n\r\n"),
            "a malformed header": ending(b"HTTP/1.1 200 OK\r\n" + secret + b"\r\n\r\n"),
            "EOF in a body": ending(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + secret),
            "a silent server": silent,
        }
        for fault, script in scripts.items():
            for idempotent in (True, False):
                with FaultServer(script) as server, self.client() as client:
                    request = make_request(
                        server,
                        SECRET_TOKEN,
                        timeout=0.1 if script is silent else 5.0,
                        idempotent=idempotent,
                    )
                    outcome = outcome_of(client.send_as_manager, request)
                if isinstance(outcome, Exception):
                    shown = SECRET_TOKEN in rendered(outcome)
                    assert not shown, f"{fault}: an error must not show the token"
