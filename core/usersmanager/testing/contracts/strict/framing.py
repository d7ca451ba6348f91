"""Strict cases: valid responses, and where they end."""

from __future__ import annotations

from ....errors import BodyTooLargeError, DisconnectedError, ProtocolError
from ...fault_server import FaultServer, echo, profile
from ...peer import Peer
from ..cases import make_request
from ..scripts import answering, ending, flood
from .faults import StrictCases

__all__ = ["FramingCases"]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
BODY = b'{"sub": "first"}'


class FramingCases(StrictCases):
    """Valid responses, and where they end."""

    def test_eof_before_a_response_is_a_disconnect(self) -> None:
        for reset in (False, True):
            self.assert_fault(ending(b"", reset=reset), DisconnectedError, "EOF before a response")

    def test_a_truncated_header_is_a_disconnect(self) -> None:
        for head in (
            b"H",
            b"HTTP/1.1 200 OK\r\nContent-Le",
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
        ):
            for reset in (False, True):
                script = ending(head, reset=reset)
                self.assert_fault(script, DisconnectedError, "a truncated header")

    def test_a_truncated_body_is_a_disconnect(self) -> None:
        truncated = OK + b"Content-Length: 99\r\n\r\n" + BODY
        for reset in (False, True):
            script = ending(truncated, reset=reset)
            self.assert_fault(script, DisconnectedError, "a truncated body")

    def test_a_truncated_chunked_body_is_a_disconnect(self) -> None:
        for part in (b"", b"1", b"10\r\n", b"10\r\n" + BODY, b"10\r\n" + BODY + b"\r\n0\r\n"):
            fault = f"EOF after {part!r} of a chunked body"
            self.assert_fault(ending(CHUNKED + part), DisconnectedError, fault)

    def test_a_malformed_chunk_is_a_protocol_error(self) -> None:
        for part in (b"zz\r\n", b"-1\r\n", b"+1\r\nx", b"0x1\r\nx", b"1\nx\r\n", b"1\r\nxyz\r\n"):
            fault = f"the malformed chunk {part!r}"
            self.assert_fault(answering(CHUNKED + part), ProtocolError, fault)

    def test_a_malformed_status_line_is_a_protocol_error(self) -> None:
        for head in (
            b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
            b"HTTP/2.0 200 OK\r\n\r\n",
            b"HTTP/1.1 20 OK\r\n\r\n",
            b"HTTP/1.1 OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n X: folded\r\n\r\n",
            b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n",
        ):
            self.assert_fault(answering(head), ProtocolError, f"the status line {head!r}")

    def test_what_cannot_become_a_response_is_refused_at_once(self) -> None:
        for name, beginning in (
            ("a TLS alert", b"\x15\x03\x01\x00\x02\x02\x46"),
            ("an SSH banner", b"SSH-2.0-OpenSSH_9.2\r\n"),
            ("an SMTP greeting", b"220 mail.example ESMTP\r\n"),
            ("a SETTINGS frame of HTTP/2", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00"),
            ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n"),
            ("a status line of HTTP/2", b"HTTP/2 200\r\n"),
            ("a status line of ICY", b"ICY 200 OK\r\n"),
            ("a status line with a bare LF", b"HTTP/1.1 200 OK\n"),
        ):
            # The connection stays open: a deadline would not be a ProtocolError.
            self.assert_fault(answering(beginning), ProtocolError, name)

    def test_an_unrequested_upgrade_is_a_protocol_error(self) -> None:
        upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
        self.assert_fault(answering(upgrade), ProtocolError, "an unrequested upgrade")

    def test_interim_responses_are_skipped(self) -> None:
        for status in (b"100 Continue", b"102 Processing", b"103 Early Hints"):
            interim = b"HTTP/1.1 " + status + b"\r\nLink: </x>\r\n\r\n"
            for count in (1, 8):
                script = answering(interim * count + profile("first"))
                self.assert_succeeds(script, "interim responses must be skipped", reused=True)

    def test_a_final_response_after_an_interim_one_reaches_its_own_caller(self) -> None:
        def late(peer: Peer) -> None:
            for user in ("first", "second"):
                peer.request()
                peer.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
                peer.stall(0.05)
                peer.send(profile(user))

        self.assert_succeeds(late, "an interim response must not end a request", reused=True)

    def test_too_many_interim_responses_are_a_protocol_error(self) -> None:
        def interims(peer: Peer) -> None:
            peer.request()
            flood(peer, b"HTTP/1.1 100 Continue\r\n\r\n" * 50)

        self.assert_fault(interims, ProtocolError, "an endless series of interim responses")

    def test_an_ambiguous_length_is_a_protocol_error(self) -> None:
        for fields in (
            b"Content-Length: 16\r\nContent-Length: 17\r\n",
            b"Content-Length: 16\r\nContent-Length: 16\r\n",
            b"Content-Length: 16, 16\r\n",
            b"Content-Length: +16\r\n",
            b"Content-Length: -16\r\n",
            b"Content-Length: 0x10\r\n",
            b"Content-Length: 1 6\r\n",
            b"Content-Length:\r\n",
            b"Content-Length: 16\r\nTransfer-Encoding: chunked\r\n",
            b"Transfer-Encoding: chunked\r\nContent-Length: 16\r\n",
            b"Transfer-Encoding: chunked, chunked\r\n",
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            b"Transfer-Encoding: gzip, chunked\r\n",
            b"Transfer-Encoding: identity\r\n",
        ):
            script = answering(OK + fields + b"\r\n" + BODY)
            self.assert_fault(script, ProtocolError, f"the ambiguous length {fields!r}")

    def test_a_malformed_header_line_is_a_protocol_error(self) -> None:
        for line in (
            b"Transfer-Encoding : chunked\r\n",
            b"X: a\0b\r\n",
            b"X: a\rb\r\n",
            b"X: a\nContent-Length: 3\r\n",
            b"no colon\r\n",
            b": no name\r\n",
            "Ünïcode: x\r\n".encode(),
        ):
            script = answering(OK + line + b"Content-Length: 16\r\n\r\n" + BODY)
            self.assert_fault(script, ProtocolError, f"the malformed header line {line!r}")

    def test_a_folded_field_is_unfolded(self) -> None:
        folded = b"X-Policy: a;\r\n b;\r\n\tc\r\nX-Empty:\r\n \r\n"
        for response in (
            OK + folded + b"Content-Length: 16\r\n\r\n" + BODY,
            OK + folded + b"Transfer-Encoding: chunked\r\n\r\n10\r\n" + BODY + b"\r\n0\r\n\r\n",
        ):
            with FaultServer(answering(response)) as server, self.client() as client:
                headers = client.send(make_request(server)).headers
                for name, value in (("X-Policy", "a; b; c"), ("X-Empty", "")):
                    rule = f"each fold in {name} must be replaced by spaces"
                    assert headers[name].replace("  ", " ") == value, rule
                self.assert_own_response(client, server, "second")
                assert server.connections == 1, "a connection must be reused after a folded field"

    def test_a_folded_field_that_affects_the_framing_is_a_protocol_error(self) -> None:
        for field in (
            b"Content-Length:\r\n 16\r\n",
            b"content-length: 1\r\n 6\r\n",
            b"Transfer-Encoding:\r\n\tchunked\r\n",
            b"Connection: x,\r\n close\r\n",
            b"Trailer: X,\r\n Y\r\n",
        ):
            script = answering(OK + field + b"\r\n" + BODY)
            self.assert_fault(script, ProtocolError, f"the folded field {field!r}")

    def test_a_long_header_is_accepted(self) -> None:
        for fields in (b"X-Policy: " + b"x" * 30_000 + b"\r\n", b"X-Field: x\r\n" * 1000):
            response = OK + fields + b"Content-Length: 16\r\n\r\n" + BODY
            self.assert_succeeds(answering(response), "a header may have 64 KiB", reused=True)

    def test_an_oversized_header_is_a_protocol_error(self) -> None:
        end = b"Content-Length: 16\r\n\r\n" + BODY
        for size, fields in (
            ("one line of 64 KiB", b"X: " + b"x" * 0x10000 + b"\r\n"),
            ("many lines of 64 KiB", b"X: x\r\n" * 0x2AAB),
        ):
            self.assert_fault(answering(OK + fields + end), ProtocolError, f"a header of {size}")

    def test_an_endless_header_is_a_protocol_error(self) -> None:
        def endless_line(peer: Peer) -> None:
            peer.request()
            peer.send(OK + b"X: ")
            flood(peer, b"x" * 1000)

        def endless_lines(peer: Peer) -> None:
            peer.request()
            peer.send(OK)
            flood(peer, b"X: x\r\n" * 100)

        self.assert_fault(endless_line, ProtocolError, "an endless header line")
        self.assert_fault(endless_lines, ProtocolError, "an endless header")

    def test_an_endless_body_is_too_large(self) -> None:
        def endless(peer: Peer) -> None:
            peer.request()
            peer.send(CHUNKED)
            flood(peer, b"10000\r\n" + b"x" * 0x10000 + b"\r\n", size=32 << 20)

        def announced(peer: Peer) -> None:
            peer.request()
            peer.send(OK + b"Content-Length: 999999999\r\n\r\n")
            flood(peer, b"x" * 0x10000, size=32 << 20)

        self.assert_fault(endless, BodyTooLargeError, "an endless chunked body")
        self.assert_fault(announced, BodyTooLargeError, "a Content-Length of 999999999")

    def test_a_chunked_body_with_trailers_is_read_whole(self) -> None:
        chunks = b"".join(b"1;x=y\r\n" + bytes([byte]) + b"\r\n" for byte in BODY)
        head = OK + b"Transfer-Encoding: Chunked\r\n\r\n"
        script = answering(head + chunks + b"0\r\nX-T: 1\r\n\r\n")
        self.assert_succeeds(script, "chunks must be joined, and trailers skipped", reused=True)

    def test_a_response_in_one_byte_segments_is_read_whole(self) -> None:
        def dripping(peer: Peer) -> None:
            peer.request()
            peer.drip(b"HTTP/1.1 103 Early Hints\r\n\r\n" + profile("first"), every=0.001)
            echo(peer)

        self.assert_succeeds(dripping, "segments must be joined", reused=True)

    def test_a_body_delimited_by_eof_is_accepted(self) -> None:
        rule = "a profile may be delimited by the end of the connection"
        for head in (OK, OK.replace(b"1.1", b"1.0"), OK + b"Connection: close\r\n"):
            self.assert_succeeds(ending(head + b"\r\n" + BODY), rule, reused=False)

    def test_a_body_cut_off_by_a_reset_is_a_disconnect(self) -> None:
        script = ending(OK + b"\r\n" + BODY, reset=True)
        with FaultServer(script) as server, self.client() as client:
            request, fault = make_request(server), "a reset where EOF delimits the body"
            self.assert_fails(client, request, DisconnectedError, fault, sent=True)

    def test_a_link_delimited_by_eof_is_a_protocol_error(self) -> None:
        script = ending(b"HTTP/1.1 200 OK\r\n\r\nhttps://a")
        with FaultServer(script) as server, self.client() as client:
            request, fault = make_request(server, idempotent=False), "a link delimited by EOF"
            self.assert_fails(client, request, ProtocolError, fault, sent=True)
