"""Whether anything was sent is decided only by what was written, never by the class of the error.

Who repeats a call because its error says "not sent" must not get a second one-time link. So
connections fail here at every point and in every way, over each transport, and the servers
tell what arrived.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import ssl
from collections.abc import Hashable, Iterator, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

import pytest
from tenacity import wait_none
from tests.transports.calls import TOKEN, TRANSPORTS, Outcome, call
from tests.transports.pairwise import covering
from tests.transports.tls_server import TCP, TLS, Channel, Credentials, Script, Server, read_head

import usersmanager
from usersmanager import DeadlineExceededError, TLSError, TransportError
from usersmanager_retry import Retry

pytestmark = pytest.mark.slow

DOCUMENTED = {
    error
    for error in map(functools.partial(getattr, usersmanager), usersmanager.__all__)
    if isinstance(error, type) and issubclass(error, TransportError)
} - {TransportError}

# A name for proxies, which clients never resolve; an address for direct connections.
NAME, ADDRESS = "origin.example", "127.0.0.1"

VERSIONS = {"TLS 1.2": ssl.TLSVersion.TLSv1_2, "TLS 1.3": ssl.TLSVersion.TLSv1_3}
SECURITY = ("plain", *VERSIONS)
ROUTES = ("direct", "http proxy", "https proxy")
ENDINGS = ("RST", "FIN", "close_notify", "alert", "corrupt record", "garbage", "silence")
OPERATIONS = ("get_info", "impersonate")

HEAD_START = b"HTTP/1.1 200 OK\r\nX-Request"
# In chunks, so that garbage can be told from content.
HEAD_END = b"-Id: 1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
BODY_START = b"7\r\n" + b'{"sub":' + b"\r\n"
GARBAGE = b"garbage\r\n\r\n"


class Point(IntEnum):
    """Where a connection fails, in the order of time."""

    BEFORE_ACCEPT = 1
    AFTER_ACCEPT = 2
    CONNECT_ANSWER = 3
    HANDSHAKE = 4
    AFTER_HANDSHAKE = 5
    AFTER_REQUEST = 6
    HEAD = 7
    BODY = 8


class Cell(NamedTuple):
    """One combination.

    The handshake is the innermost one: that of the origin, or of an https proxy if the
    origin has none.
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
        """Whether the connection fails where TLS is spoken, so that TLS can fail."""
        if self.point in (Point.AFTER_ACCEPT, Point.CONNECT_ANSWER):
            return self.has_tls and not (self.is_tunnelled and self.route == "http proxy")
        return self.has_tls

    @property
    def is_tls_failure(self) -> bool:
        """Whether TLS itself fails, rather than the connection below it."""
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
        """What the cell tests: each pair of its values, and more where it matters most."""
        yield from itertools.combinations(enumerate(self), 2)
        if self.is_tls_failure and self.point >= Point.AFTER_REQUEST:
            yield self.point, self.ending, self.transport
            yield self.ending, self.security, self.transport, self.operation


COMBINATIONS = itertools.starmap(
    Cell, itertools.product(Point, ENDINGS, SECURITY, ROUTES, TRANSPORTS, OPERATIONS)
)
CELLS = covering([cell for cell in COMBINATIONS if cell.is_possible], Cell.features)


class PointReached(Exception):  # noqa: N818 - not an error, but the end of a script.
    """The connection is to fail now."""


class Conversation:
    """One connection of a cell, up to its point of failure, and how it ends there.

    Attributes:
        has_failed: whether the point of failure was reached.
    """

    def __init__(self, cell: Cell, credentials: Credentials, connection: TCP) -> None:
        self.has_failed = False
        self._cell = cell
        self._credentials = credentials
        self._connection = connection
        self._channel: Channel = connection
        self._takes_requests = not cell.has_tls

    @property
    def request_arrived(self) -> bool:
        """Whether any byte of the request was received."""
        return self._takes_requests and self._channel.request_arrived

    def run(self) -> None:
        """Plays the server's part."""
        try:
            self._serve()
        except PointReached:
            self.has_failed = True
        self._end()

    def _serve(self) -> None:
        cell = self._cell
        self._reach(Point.BEFORE_ACCEPT)
        if cell.route == "https proxy":
            version = "TLS 1.3" if cell.security == "plain" else cell.security
            self._begin_tls(version)
        elif not cell.is_tunnelled and cell.has_tls:
            self._begin_tls(cell.security)
        self._reach(Point.AFTER_ACCEPT)
        if cell.is_tunnelled:
            self._make_tunnel()
            self._begin_tls(cell.security)
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
        if point == self._cell.point:
            raise PointReached

    def _begin_tls(self, version: str) -> None:
        self._channel = TLS(self._channel, self._credentials.server(VERSIONS[version]))

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
        match self._cell.ending:
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
        # What arrives after that was sent, too.
        while channel.fetch():
            pass


@pytest.fixture(scope="module")
def credentials() -> Credentials:
    return Credentials(NAME, ADDRESS)


@contextlib.contextmanager
def failing(
    cells: Sequence[Cell], credentials: Credentials
) -> Iterator[tuple[Server, list[Conversation]]]:
    """A server whose connections fail as told, and its conversations, over after the block.

    Args:
        cells: one for each connection; the last one is also for all later ones.
        credentials: of the server.
    """
    conversations: list[Conversation] = []

    def script(connection: TCP) -> None:
        cell = cells[min(len(conversations), len(cells) - 1)]
        conversation = Conversation(cell, credentials, connection)
        conversations.append(conversation)
        conversation.run()

    first = cells[0]
    accepts = first.point != Point.BEFORE_ACCEPT
    with Server(script, refuses=first.is_refused, accepts=accepts) as server:
        yield server, conversations
    assert server.mistakes == []


def attempt(cell: Cell, port: int, credentials: Credentials) -> Outcome:
    """The call of a cell, with the default number of retries."""
    scheme = "http" if cell.security == "plain" else "https"
    origin = f"{scheme}://{ADDRESS}:{port}"
    settings: dict[str, Any] = {}
    if cell.route != "direct":
        origin = f"{scheme}://{NAME}"
        settings["proxy"] = f"{cell.route.partition(' ')[0]}://{ADDRESS}:{port}"
    return call(
        cell.transport,
        cell.operation,
        origin,
        timeout=timeout_of(cell),
        connect_timeout=0.4 if cell.ending == "silence" else 3.0,
        plugins=[Retry(wait=wait_none())],
        ssl_context=credentials.client(),
        **settings,
    )


def timeout_of(cell: Cell) -> float:
    return 0.6 if cell.ending == "silence" else 5.0


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_an_error_says_not_sent_only_if_nothing_was_written(
    cell: Cell, credentials: Credentials
) -> None:
    with failing([cell], credentials) as (server, conversations):
        outcome = attempt(cell, server.port, credentials)
    error = outcome.error
    assert type(error) in DOCUMENTED
    assert isinstance(error, TransportError)
    assert outcome.elapsed < timeout_of(cell) + 0.5
    if cell.ending != "silence":
        assert not isinstance(error, DeadlineExceededError), "the end went unnoticed"
    assert cell.is_refused or conversations[0].has_failed
    check_phases(cell, outcome, conversations)
    check_repetitions(cell, outcome, conversations)
    if cell.is_tls_failure:
        check_tls_failure(cell, outcome, conversations)
    else:
        kinds = {type(one.error) for one in outcome.attempts}
        assert TLSError not in kinds, "TLS did not fail, and a TLSError is not retried"
    for connection in server.connections if cell.has_tls else ():
        assert TOKEN.encode() not in connection.received


def check_phases(cell: Cell, outcome: Outcome, conversations: list[Conversation]) -> None:
    """Each attempt had a connection of its own, and only an attempt without time had none."""
    phases = [one.phase for one in outcome.attempts]
    arrived = [conversation.request_arrived for conversation in conversations]
    for phase, has_arrived in zip(phases, arrived, strict=False):
        assert phase == "unknown" or not has_arrived, "something was sent"
    if cell.is_refused or (cell.has_tls and cell.point <= Point.HANDSHAKE):
        assert set(phases) == {"not sent"}
    if cell.point >= Point.AFTER_REQUEST:
        assert all(arrived)
        assert set(phases) == {"unknown"}


def check_repetitions(cell: Cell, outcome: Outcome, conversations: list[Conversation]) -> None:
    reached = sum(conversation.request_arrived for conversation in conversations)
    assert reached <= (1 if cell.operation == "impersonate" else 3)
    assert len(conversations) <= len(outcome.attempts) <= 3


def check_tls_failure(cell: Cell, outcome: Outcome, conversations: list[Conversation]) -> None:
    """A failure of TLS after the request was written is a TLSError, and the last attempt."""
    written = [one.error for one in outcome.attempts if one.phase == "unknown"]
    assert [type(error) for error in written] in ([], [TLSError])
    assert not written or written == [outcome.error]
    assert sum(conversation.request_arrived for conversation in conversations) <= 1
    if cell.point >= Point.AFTER_REQUEST:
        assert len(outcome.attempts) == 1


CASES = [(transport, operation) for transport in TRANSPORTS for operation in OPERATIONS]


def refusing(context: ssl.SSLContext, channels: list[TLS], *, waits: bool) -> Script:
    """A script that refuses a client without a certificate, and then reads on.

    Args:
        context: that of the server.
        channels: to which the connections are added.
        waits: whether to look at the client's part of the handshake only after its request.
    """

    def script(connection: TCP) -> None:
        channel = TLS(connection, context)
        channels.append(channel)
        channel.fetch()
        channel.advance()
        while waits and not channel.request_arrived and channel.fetch():
            pass
        with contextlib.suppress(ssl.SSLError):
            channel.handshake()
        while channel.fetch():
            pass

    return script


@pytest.mark.parametrize("waits", [True, False], ids=["late", "early"])
@pytest.mark.parametrize(("transport", "operation"), CASES)
def test_a_client_certificate_that_tls_1_3_refuses_may_be_refused_after_the_request(
    transport: str, operation: str, waits: bool, credentials: Credentials
) -> None:
    channels: list[TLS] = []
    context = credentials.server(VERSIONS["TLS 1.3"], client_certificate=True)
    with Server(refusing(context, channels, waits=waits)) as server:
        outcome = direct_call(transport, operation, server, credentials)
    assert server.mistakes == []
    assert type(outcome.error) is TLSError
    (channel,) = channels
    assert channel.request_arrived or not waits
    assert outcome.error.phase == ("unknown" if channel.request_arrived else "not sent")


@pytest.mark.parametrize(("transport", "operation"), CASES)
def test_a_client_certificate_that_tls_1_2_refuses_is_refused_before_the_request(
    transport: str, operation: str, credentials: Credentials
) -> None:
    channels: list[TLS] = []
    context = credentials.server(VERSIONS["TLS 1.2"], client_certificate=True)
    with Server(refusing(context, channels, waits=False)) as server:
        outcome = direct_call(transport, operation, server, credentials)
    assert server.mistakes == []
    assert type(outcome.error) is TLSError
    assert outcome.error.phase == "not sent"
    assert [channel.request_arrived for channel in channels] == [False]


def direct_call(
    transport: str, operation: str, server: Server, credentials: Credentials
) -> Outcome:
    return call(
        transport,
        operation,
        f"https://{ADDRESS}:{server.port}",
        plugins=[Retry(wait=wait_none())],
        ssl_context=credentials.client(),
    )
