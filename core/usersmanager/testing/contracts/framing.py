"""Rows of the contract: where a response ends, and that nothing of it answers the next caller."""

from __future__ import annotations

from ...errors import BodyTooLargeError, DisconnectedError, ProtocolError
from ..fault_server import FaultServer, Peer, profile
from .cases import Contract, answering, ending, make_request, subject

__all__ = ["FramingRows"]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BODY = b'{"sub": "first"}'
MALLORY = profile("mallory")


class FramingRows(Contract):
    """What is a response, and what is none."""

    def test_a_response_without_any_byte_is_a_disconnect(self) -> None:
        self.check(ending(b""), DisconnectedError)
        self.check(ending(b"", reset=True), DisconnectedError)

    def test_a_truncated_header_is_a_protocol_error(self) -> None:
        self.check(ending(b"HTTP/1.1 200 OK\r\nContent-Le"), ProtocolError)
        self.check(ending(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"), ProtocolError)

    def test_a_truncated_body_is_a_disconnect(self) -> None:
        self.check(ending(OK + b"Content-Length: 99\r\n\r\n" + BODY), DisconnectedError)
        self.check(ending(OK + b"Content-Length: 99\r\n\r\n" + BODY, reset=True), DisconnectedError)

    def test_a_truncated_chunked_body_is_a_disconnect(self) -> None:
        chunked = OK + b"Transfer-Encoding: chunked\r\n\r\n"
        for part in (b"", b"1", b"10\r\n", b"10\r\n" + BODY, b"10\r\n" + BODY + b"\r\n0\r\n"):
            self.check(ending(chunked + part), DisconnectedError)

    def test_a_malformed_chunk_is_a_protocol_error(self) -> None:
        chunked = OK + b"Transfer-Encoding: chunked\r\n\r\n"
        for part in (b"zz\r\n", b"-1\r\n", b"+1\r\nx", b"0x1\r\nx", b"1\nx\r\n", b"1\r\nxyz\r\n"):
            self.check(answering(chunked + part), ProtocolError)

    def test_what_is_not_http_is_a_protocol_error(self) -> None:
        for answer in (
            b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
            b"HTTP/2.0 200 OK\r\n\r\n",
            b"HTTP/1.1 20 OK\r\n\r\n",
            b"HTTP/1.1 OK\r\n\r\n",
            b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n",
        ):
            self.check(answering(answer), ProtocolError)

    def test_an_upgrade_that_nobody_asked_for_is_a_protocol_error(self) -> None:
        upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
        self.check(answering(upgrade), ProtocolError)

    def test_interim_responses_are_skipped(self) -> None:
        for status in (b"100 Continue", b"102 Processing", b"103 Early Hints"):
            interim = b"HTTP/1.1 " + status + b"\r\nLink: </x>\r\n\r\n"
            self.accepted(answering(interim + profile("first")), connections=1)
            self.accepted(answering(interim * 8 + profile("first")), connections=1)

    def test_an_interim_response_does_not_hold_the_answer_back_for_the_next_caller(self) -> None:
        def late(peer: Peer) -> None:
            for user in ("first", "second"):
                peer.request()
                peer.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
                peer.stall(0.05)
                peer.send(profile(user))

        self.accepted(late, connections=1)

    def test_a_flood_of_interim_responses_is_a_protocol_error(self) -> None:
        def flood(peer: Peer) -> None:
            peer.request()
            while True:
                peer.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 50)

        self.check(flood, ProtocolError)

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
            self.check(answering(OK + fields + b"\r\n" + BODY), ProtocolError)

    def test_a_malformed_header_line_is_a_protocol_error(self) -> None:
        for line in (
            b"Transfer-Encoding : chunked\r\n",
            b" folded: x\r\n",
            b"X: a\r\n folded\r\n",
            b"X: a\0b\r\n",
            b"X: a\rb\r\n",
            b"X: a\nContent-Length: 3\r\n",
            b"no colon\r\n",
            b": no name\r\n",
            "Ünïcode: x\r\n".encode(),
        ):
            self.check(answering(OK + line + b"Content-Length: 16\r\n\r\n" + BODY), ProtocolError)

    def test_a_header_that_is_too_long_is_a_protocol_error(self) -> None:
        length = b"Content-Length: 16\r\n"
        for fields in (b"X: " + b"x" * 9000 + b"\r\n", b"X: x\r\n" * 101):
            self.check(answering(OK + fields + length + b"\r\n" + BODY), ProtocolError)

    def test_an_endless_header_is_a_protocol_error(self) -> None:
        def endless_line(peer: Peer) -> None:
            peer.request()
            peer.send(OK + b"X: ")
            while True:
                peer.send(b"x" * 1000)

        def endless_lines(peer: Peer) -> None:
            peer.request()
            peer.send(OK)
            while True:
                peer.send(b"X: x\r\n" * 100)

        self.check(endless_line, ProtocolError)
        self.check(endless_lines, ProtocolError)

    def test_an_endless_body_is_refused(self) -> None:
        def endless(peer: Peer) -> None:
            peer.request()
            peer.send(OK + b"Transfer-Encoding: chunked\r\n\r\n")
            while True:
                peer.send(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

        def announced(peer: Peer) -> None:
            peer.request()
            peer.send(OK + b"Content-Length: 999999999\r\n\r\n")
            while True:
                peer.send(b"x" * 0x10000)

        self.check(endless, BodyTooLargeError)
        self.check(announced, BodyTooLargeError)

    def test_chunks_and_trailers_are_put_together(self) -> None:
        chunks = b"".join(b"1;x=y\r\n" + bytes([byte]) + b"\r\n" for byte in BODY)
        answer = OK + b"Transfer-Encoding: Chunked\r\n\r\n" + chunks + b"0\r\nX-T: 1\r\n\r\n"
        self.accepted(answering(answer), connections=1)

    def test_a_body_that_ends_with_the_connection_is_accepted_once(self) -> None:
        for head in (OK, OK.replace(b"1.1", b"1.0"), OK + b"Connection: close\r\n"):
            self.accepted(ending(head + b"\r\n" + BODY), connections=2)

    def test_a_body_that_a_reset_ends_is_a_disconnect(self) -> None:
        with (
            FaultServer(ending(OK + b"\r\n" + BODY, reset=True)) as server,
            self.client() as client,
        ):
            assert isinstance(self.refused(client, make_request(server)), DisconnectedError)

    def test_a_link_whose_end_is_not_certain_is_refused(self) -> None:
        with (
            FaultServer(ending(b"HTTP/1.1 200 OK\r\n\r\nhttps://a")) as server,
            self.client() as client,
        ):
            assert isinstance(
                self.refused(client, make_request(server, idempotent=False)), ProtocolError
            )

    def test_a_connection_that_says_close_is_not_used_again(self) -> None:
        for fields in ("Connection: close\r\n", "Connection: keep-alive, Close\r\n"):
            self.accepted(answering(profile("first", headers=fields)), connections=2)
        old = profile("first").replace(b"1.1", b"1.0", 1)
        self.accepted(answering(old), connections=2)

    def test_bytes_after_the_end_never_answer_the_next_caller(self) -> None:
        for spare in (MALLORY, b"x", b"\r\n", MALLORY * 20):
            self.accepted(answering(profile("first") + spare), connections=2)

    def test_a_body_that_was_announced_where_there_is_none_spoils_the_connection(self) -> None:
        for field in (b"Content-Length: 5", b"Transfer-Encoding: chunked"):
            announcing = answering(b"HTTP/1.1 204 No Content\r\n" + field + b"\r\n\r\n")
            with FaultServer(announcing) as server, self.client() as client:
                assert client.send(make_request(server)).status == 204
                assert subject(client.send(make_request(server, "next"))) == "next"
                assert server.connections == 2

    def test_a_body_where_there_is_none_never_answers_the_next_caller(self) -> None:
        def late(peer: Peer) -> None:
            peer.request()
            peer.send(b"HTTP/1.1 204 No Content\r\n\r\n")
            peer.stall(0.05)
            peer.send(MALLORY)
            peer.wait_closed()

        at_once = answering(b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n" + MALLORY)
        for script in (late, at_once):
            with FaultServer(script) as server, self.client() as client:
                assert client.send(make_request(server)).status == 204
                client.idle(0.15)
                assert subject(client.send(make_request(server, "mine"))) == "mine"
                assert server.connections == 2

    def test_bytes_on_an_idle_connection_never_answer_the_next_caller(self) -> None:
        def unsolicited(peer: Peer) -> None:
            peer.request()
            peer.send(profile("first"))
            peer.stall(0.05)
            peer.send(MALLORY)
            peer.wait_closed()

        import time

        for sleep_in_the_loop in (True, False):
            with FaultServer(unsolicited) as server, self.client() as client:
                assert subject(client.send(make_request(server, "first"))) == "first"
                # An event loop that runs sees the bytes; one that is busy must look.
                client.idle(0.15) if sleep_in_the_loop else time.sleep(0.15)
                assert subject(client.send(make_request(server, "mine"))) == "mine"
                assert server.connections == 2

    def test_a_connection_that_was_closed_while_idle_is_replaced(self) -> None:
        self.accepted(ending(profile("first")), connections=2)
        self.accepted(ending(profile("first"), reset=True), connections=2)

    def test_a_connection_is_used_again_after_a_clean_end(self) -> None:
        self.accepted(answering(profile("first")), connections=1)
        not_found = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        with FaultServer(answering(not_found)) as server, self.client() as client:
            assert client.send(make_request(server)).status == 404
            assert subject(client.send(make_request(server, "second"))) == "second"
            assert server.connections == 1

    def test_any_cut_of_a_response_into_segments_is_the_same_response(self) -> None:
        def dripping(peer: Peer) -> None:
            peer.request()
            peer.drip(b"HTTP/1.1 103 Early Hints\r\n\r\n" + profile("first"), every=0.001)

        self.accepted(dripping, connections=2)
