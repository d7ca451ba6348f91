"""Rows of the contract: TLS, with certificates made for the occasion."""

from __future__ import annotations

import datetime
import ssl
from typing import Any

from ...errors import TLSError, TransportError
from ..fault_server import FaultServer, Peer, profile
from .cases import Contract, answering, ending, make_request, subject
from .security import CANARY, shown

__all__ = ["TLSRows"]


class TLSRows(Contract):
    """What is said over TLS, and to whom."""

    def test_a_trusted_certificate_is_accepted(self) -> None:
        authority = _authority()
        trusting = _trusting(authority)
        with (
            FaultServer(ssl_context=_serving(authority, "localhost"), host="localhost") as server,
            self.client(ssl_context=trusting) as client,
        ):
            for token in ("one", "two"):
                assert subject(client.send(make_request(server, token))) == token
            assert server.connections == 1
            client.send(make_request(server, "alone", idempotent=False))
            assert server.connections == 2

    def test_an_untrusted_certificate_is_a_tls_error(self) -> None:
        yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
        authority, stranger = _authority(), _authority()
        for serving in (
            _serving(stranger, "localhost"),
            _serving(authority, "elsewhere.example"),
            _serving(authority, "localhost", not_after=yesterday),
        ):
            self._refused_by_tls(serving, _trusting(authority))

    def test_the_systems_trust_is_the_default(self) -> None:
        self._refused_by_tls(_serving(_authority(), "localhost"), None)

    def test_tls_older_than_1_2_is_a_tls_error(self) -> None:
        import warnings

        authority = _authority()
        serving = _serving(authority, "localhost")
        serving.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            serving.minimum_version = serving.maximum_version = ssl.TLSVersion.TLSv1_1
        self._refused_by_tls(serving, _trusting(authority))

    def _refused_by_tls(self, serving: ssl.SSLContext, trusting: ssl.SSLContext | None) -> None:
        settings: dict[str, Any] = {} if trusting is None else {"ssl_context": trusting}
        with (
            FaultServer(ssl_context=serving, host="localhost") as server,
            self.client(**settings) as client,
        ):
            error: TransportError = self.refused(
                client, make_request(server, CANARY), as_manager=True
            )
            assert isinstance(error, TLSError)
            assert error.phase == "not sent"
            assert CANARY not in shown(error)
            assert server.requests == []

    def test_a_client_certificate_is_shown(self) -> None:
        authority = _authority()
        serving, trusting = _serving(authority, "localhost"), _trusting(authority)
        serving.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(serving)
        authority.issue_cert("client.example").configure_cert(trusting)
        with (
            FaultServer(ssl_context=serving, host="localhost") as server,
            self.client(ssl_context=trusting) as client,
        ):
            assert subject(client.send(make_request(server, "mine"))) == "mine"

    def test_a_tls_record_too_many_never_answers_the_next_caller(self) -> None:
        def two_records(peer: Peer) -> None:
            peer.request()
            # In one segment, if the kernel so wishes, and yet decrypted one after the other.
            peer.send(profile("first"))
            peer.send(profile("mallory"))
            peer.wait_closed()

        authority = _authority()
        serving = _serving(authority, "localhost")
        with (
            FaultServer(two_records, ssl_context=serving, host="localhost") as server,
            self.client(ssl_context=_trusting(authority)) as client,
        ):
            assert subject(client.send(make_request(server, "first"))) == "first"
            client.idle(0.1)
            assert subject(client.send(make_request(server, "mine"))) == "mine"

    def test_bytes_on_an_idle_tls_connection_never_answer_the_next_caller(self) -> None:
        authority = _authority()
        spoilt = answering(
            profile("first") + profile("mallory"), then=lambda peer: peer.wait_closed()
        )
        with (
            FaultServer(
                spoilt, ssl_context=_serving(authority, "localhost"), host="localhost"
            ) as server,
            self.client(ssl_context=_trusting(authority)) as client,
        ):
            assert subject(client.send(make_request(server, "first"))) == "first"
            client.idle(0.1)
            assert subject(client.send(make_request(server, "mine"))) == "mine"
            assert server.connections == 2

    def test_a_large_answer_before_the_end_of_a_tls_connection_is_whole(self) -> None:
        body = profile("large").partition(b"\r\n\r\n")[2] + b" " * 300_000
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
        sized = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
        chunked = head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body) + body
        authority = _authority()
        serving = _serving(authority, "localhost")
        for answer in (sized, chunked + b"\r\n0\r\n\r\n"):
            with (
                FaultServer(
                    otherwise=ending(answer), ssl_context=serving, host="localhost"
                ) as server,
                self.client(ssl_context=_trusting(authority)) as client,
            ):
                for _ in range(5):
                    assert client.send(make_request(server)).body == body


# trustme is a test dependency of whoever uses the contract; it has no part in the core.


def _authority() -> Any:
    import trustme

    return trustme.CA()


def _serving(authority: Any, host: str, **certificate: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host, **certificate).configure_cert(context)
    return context


def _trusting(authority: Any) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    authority.configure_trust(context)
    return context
