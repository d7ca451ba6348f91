"""The `sent` of an error is False only if no byte of the request was written.

A caller that repeats a call because of such an error must not get a second one-time link.
So connections fail at every point and in every way here, over each transport, and the
servers record what arrived.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import ssl
from collections.abc import Hashable, Iterator
from enum import IntEnum
from typing import Any, NamedTuple

import pytest
from tenacity import wait_none
from tests.certificates import requiring_client_certificates
from tests.transports.calls import TOKEN, TRANSPORTS, Outcome, call
from tests.transports.pairwise import covering
from tests.transports.tls_server import TCP, TLS, Channel, Server, read_head, refusing

import usersmanager
from usersmanager import DeadlineExceededError, TLSError, TransportError
from usersmanager.testing.certificates import client_context, server_context
from usersmanager_retry import Retry

pytestmark = pytest.mark.slow

DOCUMENTED = {
    error
    for error in map(functools.partial(getattr, usersmanager), usersmanager.__all__)
    if isinstance(error, type) and issubclass(error, TransportError)
} - {TransportError}

# A host name for calls through proxies, which no client resolves; an address for direct ones.
NAME, ADDRESS = "origin.example", "127.0.0.1"

VERSIONS = {"TLS 1.2": ssl.TLSVersion.TLSv1_2, "TLS 1.3": ssl.TLSVersion.TLSv1_3}
SECURITY = ("plain", *VERSIONS)
ROUTES = ("direct", "http proxy", "https proxy")
ENDINGS = ("RST", "FIN", "close_notify", "alert", "corrupt record", "garbage", "silence")
OPERATIONS = ("get_info", "impersonate")

HEAD_START = b"HTTP/1.1 200 OK\r\nX-Request"
# In chunks, because any bytes would be valid content otherwise.
HEAD_END = b"-Id: 1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
BODY_START = b"7\r\n" + b'{"sub":' + b"\r\n"
GARBAGE = b"garbage\r\n\r\n"


class Point(IntEnum):
    """When a connection fails, in chronological order."""

    BEFORE_ACCEPT = 1
    AFTER_ACCEPT = 2
    CONNECT_ANSWER = 3
    HANDSHAKE = 4
    AFTER_HANDSHAKE = 5
    AFTER_REQUEST = 6
    HEAD = 7
    BODY = 8


class Case(NamedTuple):
    """One combination.

    The handshake is the innermost one: with the origin, or with an https proxy if the origin
    uses no TLS.
    """

    point: Point
    ending: str
    security: str
    route: str
    transport: str
    operation: str

    def __str__(self) -> str:
        return ", ".join([self.point.name.lower(), *self[1:]])

    @property
    def is_tunnelled(self) -> bool:
        return self.route != "direct" and self.security != "plain"

    @property
    def has_tls(self) -> bool:
        return self.security != "plain" or self.route == "https proxy"

    @property
    def is_refused(self) -> bool:
        return self.point == Point.BEFORE_ACCEPT and self.ending == "RST"

    @property
    def fails_in_tls(self) -> bool:
        """Whether the connection uses TLS where it fails, so that TLS itself can fail."""
        if self.point in (Point.AFTER_ACCEPT, Point.CONNECT_ANSWER):
            return self.has_tls and not (self.is_tunnelled and self.route == "http proxy")
        return self.has_tls

    @property
    def is_tls_failure(self) -> bool:
        """Whether TLS itself fails, not the connection below it."""
        return self.fails_in_tls and self.ending in ("alert", "corrupt record", "garbage")

    @property
    def is_possible(self) -> bool:
        if self.point == Point.BEFORE_ACCEPT:
            return self.ending in ("RST", "silence")
        if self.point == Point.CONNECT_ANSWER and not self.is_tunnelled:
            return False
        if self.point in (Point.HANDSHAKE, Point.AFTER_HANDSHAKE) and not self.has_tls:
            return False
        return self.fails_in_tls or self.ending in ("RST", "FIN", "garbage", "silence")

    def features(self) -> Iterator[Hashable]:
        """Yield what the case covers: pairs of its values, and larger groups if TLS fails."""
        yield from itertools.combinations(enumerate(self), 2)
        if self.is_tls_failure and self.point >= Point.AFTER_REQUEST:
            yield self.point, self.ending, self.transport
            yield self.ending, self.security, self.transport, self.operation


COMBINATIONS = itertools.starmap(
    Case, itertools.product(Point, ENDINGS, SECURITY, ROUTES, TRANSPORTS, OPERATIONS)
)
COVERING_CASES = covering([case for case in COMBINATIONS if case.is_possible], Case.features)


class PointReached(Exception):  # noqa: N818 - it is not an error.
    """The connection has reached the point where it fails."""


class Conversation:
    """One connection of a case, up to its point of failure.

    Attributes:
        has_failed: whether the point of failure was reached.
    """

    def __init__(self, case: Case, connection: TCP) -> None:
        self.has_failed = False
        self._case = case
        self._connection = connection
        self._channel: Channel = connection
        self._takes_requests = not case.has_tls

    @property
    def request_arrived(self) -> bool:
        """Whether any byte of the request was received."""
        return self._takes_requests and self._channel.request_arrived

    def run(self) -> None:
        """Run the server's side of the connection."""
        try:
            self._serve()
        except PointReached:
            self.has_failed = True
        self._end()

    def _serve(self) -> None:
        case = self._case
        self._reach(Point.BEFORE_ACCEPT)
        if case.route == "https proxy":
            version = "TLS 1.3" if case.security == "plain" else case.security
            self._begin_tls(version)
        elif not case.is_tunnelled and case.has_tls:
            self._begin_tls(case.security)
        self._reach(Point.AFTER_ACCEPT)
        if case.is_tunnelled:
            self._make_tunnel()
            self._begin_tls(case.security)
        if isinstance(self._channel, TLS):
            self._channel.fetch()
            self._reach(Point.HANDSHAKE)
            self._channel.handshake()
            self._takes_requests = True
        self._reach(Point.AFTER_HANDSHAKE)
        assert b"Bearer " in read_head(self._channel)
        self._reach(Point.AFTER_REQUEST)
        self._channel.send(HEAD_START)
        self._reach(Point.HEAD)
        self._channel.send(HEAD_END + BODY_START)
        self._reach(Point.BODY)

    def _reach(self, point: Point) -> None:
        if point == self._case.point:
            raise PointReached

    def _begin_tls(self, version: str) -> None:
        self._channel = TLS(self._channel, server_context(NAME, ADDRESS, version=VERSIONS[version]))

    def _make_tunnel(self) -> None:
        if isinstance(self._channel, TLS):
            self._channel.handshake()
        head = read_head(self._channel)
        assert head.startswith(b"CONNECT ")
        assert TOKEN.encode() not in head
        self._channel.send(b"HTTP/1.1 200 Connec")
        self._reach(Point.CONNECT_ANSWER)
        self._channel.send(b"tion established\r\n\r\n")

    def _end(self) -> None:
        channel = self._channel
        match self._case.ending:
            case "RST":
                self._connection.reset()
                return
            case "FIN":
                self._connection.finish()
            case "close_notify":
                channel.finish()
            case "alert":
                assert isinstance(channel, TLS)
                channel.send_alert()
            case "corrupt record":
                assert isinstance(channel, TLS)
                channel.send_corrupt_record()
            case "garbage":
                below = channel.below if isinstance(channel, TLS) else channel
                below.send(GARBAGE)
        # The client may still send.
        while channel.fetch():
            pass


@contextlib.contextmanager
def failing(case: Case) -> Iterator[tuple[Server, list[Conversation]]]:
    """Run a server whose connections fail, and yield it with its conversations.

    Args:
        case: how each connection fails.
    """
    conversations: list[Conversation] = []

    def script(connection: TCP) -> None:
        conversation = Conversation(case, connection)
        conversations.append(conversation)
        conversation.run()

    accepts = case.point != Point.BEFORE_ACCEPT
    with Server(script, refuses=case.is_refused, accepts=accepts) as server:
        yield server, conversations


def make_call(case: Case, port: int) -> Outcome:
    """Make the call of a case, with the default number of retries."""
    scheme = "http" if case.security == "plain" else "https"
    origin = f"{scheme}://{ADDRESS}:{port}"
    settings: dict[str, Any] = {}
    if case.route != "direct":
        origin = f"{scheme}://{NAME}"
        settings["proxy"] = f"{case.route.partition(' ')[0]}://{ADDRESS}:{port}"
    return call(
        case.transport,
        case.operation,
        origin,
        timeout=timeout_of(case),
        connect_timeout=1.0 if case.ending == "silence" else 3.0,
        plugins=[Retry(wait=wait_none())],
        ssl_context=client_context(),
        **settings,
    )


def timeout_of(case: Case) -> float:
    return 1.5 if case.ending == "silence" else 5.0


@pytest.mark.parametrize("case", COVERING_CASES, ids=str)
def test_sent_is_false_only_if_nothing_was_written(case: Case) -> None:
    with failing(case) as (server, conversations):
        outcome = make_call(case, server.port)
    error = outcome.error
    assert type(error) in DOCUMENTED
    assert isinstance(error, TransportError)
    assert outcome.elapsed < timeout_of(case) + 2
    if case.ending != "silence":
        assert not isinstance(error, DeadlineExceededError), "the end was not detected"
    assert case.is_refused or conversations[0].has_failed
    check_sent(case, outcome, conversations)
    check_repetitions(case, outcome, conversations)
    if case.is_tls_failure:
        check_tls_failure(case, outcome, conversations)
    else:
        classes = {type(attempt.error) for attempt in outcome.attempts}
        assert TLSError not in classes, "TLS did not fail, and a TLSError is not retried"
    for connection in server.connections if case.has_tls else ():
        assert TOKEN.encode() not in connection.received


def check_sent(case: Case, outcome: Outcome, conversations: list[Conversation]) -> None:
    """Compare the `sent` of each attempt with what arrived over its connection."""
    sent = [attempt.sent for attempt in outcome.attempts]
    arrived = [conversation.request_arrived for conversation in conversations]
    for is_sent, has_arrived in zip(sent, arrived, strict=False):
        assert is_sent or not has_arrived, "something was sent"
    if case.is_refused or (case.has_tls and case.point <= Point.HANDSHAKE):
        assert set(sent) == {False}
    if case.point >= Point.AFTER_REQUEST:
        assert all(arrived)
        assert set(sent) == {True}


def check_repetitions(case: Case, outcome: Outcome, conversations: list[Conversation]) -> None:
    reached = sum(conversation.request_arrived for conversation in conversations)
    assert reached <= (1 if case.operation == "impersonate" else 3)
    assert len(conversations) <= len(outcome.attempts) <= 3


def check_tls_failure(case: Case, outcome: Outcome, conversations: list[Conversation]) -> None:
    """Check that a failure of TLS after the request was written is a TLSError and ends the call."""
    written = [attempt.error for attempt in outcome.attempts if attempt.sent]
    assert [type(error) for error in written] in ([], [TLSError])
    assert not written or written == [outcome.error]
    assert sum(conversation.request_arrived for conversation in conversations) <= 1
    if case.point >= Point.AFTER_REQUEST:
        assert len(outcome.attempts) == 1


CALLS = [(transport, operation) for transport in TRANSPORTS for operation in OPERATIONS]


@pytest.mark.parametrize("waits", [True, False], ids=["late", "early"])
@pytest.mark.parametrize(("transport", "operation"), CALLS)
def test_a_client_certificate_that_tls_1_3_refuses_may_be_refused_after_the_request(
    transport: str, operation: str, waits: bool
) -> None:
    channels: list[TLS] = []
    context = requiring_client_certificates(VERSIONS["TLS 1.3"], NAME, ADDRESS)
    with Server(refusing(context, channels, waits=waits)) as server:
        outcome = direct_call(transport, operation, server)
    assert type(outcome.error) is TLSError
    (channel,) = channels
    assert channel.request_arrived or not waits
    assert outcome.error.sent is channel.request_arrived


@pytest.mark.parametrize(("transport", "operation"), CALLS)
def test_a_client_certificate_that_tls_1_2_refuses_is_refused_before_the_request(
    transport: str, operation: str
) -> None:
    channels: list[TLS] = []
    context = requiring_client_certificates(VERSIONS["TLS 1.2"], NAME, ADDRESS)
    with Server(refusing(context, channels, waits=False)) as server:
        outcome = direct_call(transport, operation, server)
    assert type(outcome.error) is TLSError
    assert outcome.error.sent is False
    assert [channel.request_arrived for channel in channels] == [False]


def direct_call(transport: str, operation: str, server: Server) -> Outcome:
    return call(
        transport,
        operation,
        f"https://{ADDRESS}:{server.port}",
        plugins=[Retry(wait=wait_none())],
        ssl_context=client_context(),
    )
