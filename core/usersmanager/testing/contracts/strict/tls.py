"""Strict cases: TLS."""

from __future__ import annotations

import datetime
import ssl
import threading
import warnings
from typing import Any

from ....errors import TLSError
from ...certificates import authority, client_context, new_authority, server_context
from ...fault_server import FaultServer, profile
from ...peer import Peer
from ..basic.connections import ATTACKER
from ..cases import make_request
from ..redaction import SECRET_TOKEN, rendered
from ..scripts import answering, ending
from .faults import StrictCases

__all__ = ["StrictTLSCases"]


class StrictTLSCases(StrictCases):
    """TLS: certificates, versions and records."""

    def test_a_tls_connection_is_reused(self) -> None:
        with (
            FaultServer(ssl_context=server_context(), host="localhost") as server,
            self.client(ssl_context=client_context()) as client,
        ):
            for token in ("one", "two"):
                self.assert_own_response(client, server, token)
            assert server.connections == 1, "a TLS connection must be reused"
            client.send(make_request(server, "alone", idempotent=False))
            assert server.connections == 2, "a dedicated TLS connection must be used"

    def test_an_untrusted_certificate_is_a_tls_error(self) -> None:
        yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
        for fault, context in {
            "an unknown certificate authority": server_context(issuer=new_authority()),
            "a certificate for another host": server_context("elsewhere.example"),
            "an expired certificate": server_context(not_after=yesterday),
        }.items():
            self._assert_tls_error(context, fault, ssl_context=client_context())

    def test_the_system_trust_store_is_the_default(self) -> None:
        self._assert_tls_error(server_context(), "an authority that the system does not trust")

    def test_an_obsolete_tls_version_is_a_tls_error(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context = server_context(version=ssl.TLSVersion.TLSv1_1)
        context.set_ciphers("ALL:@SECLEVEL=0")
        self._assert_tls_error(context, "TLS 1.1", ssl_context=client_context())

    def _assert_tls_error(self, context: ssl.SSLContext, fault: str, **settings: Any) -> None:
        with (
            FaultServer(ssl_context=context, host="localhost") as server,
            self.client(**settings) as client,
        ):
            request = make_request(server, SECRET_TOKEN)
            error = self.assert_fails(client, request, TLSError, fault, sent=False, as_manager=True)
            assert SECRET_TOKEN not in rendered(error), f"{fault}: an error must not show the token"
            assert server.requests == [], f"{fault}: nothing may be sent"

    def test_a_client_certificate_is_sent(self) -> None:
        server_side, client_side = server_context(), client_context()
        server_side.verify_mode = ssl.CERT_REQUIRED
        authority().configure_trust(server_side)
        authority().issue_cert("client.example").configure_cert(client_side)
        with (
            FaultServer(ssl_context=server_side, host="localhost") as server,
            self.client(ssl_context=client_side) as client,
        ):
            rule = "the client certificate of an ssl_context must be sent"
            self.assert_own_response(client, server, "mine", rule=rule)

    def test_an_extra_tls_record_never_reaches_the_next_caller(self) -> None:
        sent = threading.Event()

        def two_records(peer: Peer) -> None:
            peer.request()
            # Both may arrive in one segment; they are decrypted one after the other.
            peer.send(profile("first"))
            peer.send(ATTACKER)
            sent.set()
            peer.wait_closed()

        with (
            FaultServer(two_records, ssl_context=server_context(), host="localhost") as server,
            self.client(ssl_context=client_context()) as client,
        ):
            self.assert_own_response(client, server, "first")
            assert sent.wait(5)
            client.idle(0.02)
            self.assert_own_response(client, server, "mine")

    def test_bytes_on_an_idle_tls_connection_never_reach_the_next_caller(self) -> None:
        script = answering(profile("first") + ATTACKER, then=Peer.wait_closed)
        with (
            FaultServer(script, ssl_context=server_context(), host="localhost") as server,
            self.client(ssl_context=client_context()) as client,
        ):
            self.assert_own_response(client, server, "first")
            client.idle(0.02)
            self.assert_own_response(client, server, "mine")
            assert server.connections == 2, "a connection with unread bytes must not be reused"

    def test_a_large_response_before_the_end_of_a_tls_connection_is_read_whole(self) -> None:
        body = profile("large").partition(b"\r\n\r\n")[2] + b" " * 300_000
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
        sized = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
        chunked = head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body) + body
        context = server_context()
        for response in (sized, chunked + b"\r\n0\r\n\r\n"):
            script = ending(response)
            with (
                FaultServer(otherwise=script, ssl_context=context, host="localhost") as server,
                self.client(ssl_context=client_context()) as client,
            ):
                for _ in range(5):
                    whole = client.send(make_request(server)).body == body
                    assert whole, "a body must be read whole before the connection ends"
