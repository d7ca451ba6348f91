"""A server that answers each request as planned, and records what it received."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import NamedTuple, Self

from usersmanager.testing import FaultServer, Peer, profile
from usersmanager.testing.fault_server import token_of

ATTACKER = "attacker"
LINKS = "https://links.example/"

_REASONS = {401: "Unauthorized", 429: "Too Many Requests", 503: "Service Unavailable"}


class Exchange(NamedTuple):
    """One request on a connection, and two possible responses.

    Attributes:
        peer: the connection.
        valid: the response for the token of the request.
        forged: a response that no client may accept.
    """

    peer: Peer
    valid: bytes
    forged: bytes

    @property
    def head(self) -> bytes:
        """The valid response without its length and its body."""
        return self.valid.partition(b"Content-Length: ")[0]

    @property
    def body(self) -> bytes:
        """The body of the valid response."""
        return self.valid.partition(b"\r\n\r\n")[2]

    @property
    def chunked(self) -> bytes:
        """The valid response in two chunks."""
        body = self.body
        chunks = [b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:5], body[5:])]
        return self.head + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(chunks) + b"0\r\n\r\n"


Behavior = Callable[[Exchange], object]


def link(token: str) -> bytes:
    """Return a response to `impersonate` with a link that ends with the token."""
    body = (LINKS + token).encode()
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def error_response(status: int, *, headers: str = "") -> bytes:
    """Return a response with an error status."""
    head = f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: application/json\r\n"
    return f'{head}{headers}Content-Length: 15\r\n\r\n{{"error": "no"}}'.encode()


def _sending(answer: Callable[[Exchange], bytes]) -> Behavior:
    """Send all bytes at once, so that extra ones arrive before the client's next request."""
    return lambda exchange: exchange.peer.send(answer(exchange))


def _ending(answer: Callable[[Exchange], bytes], *, reset: bool = False) -> Behavior:
    """Send some bytes, then end the connection."""

    def behave(exchange: Exchange) -> None:
        exchange.peer.send(answer(exchange))
        exchange.peer.reset() if reset else exchange.peer.close()

    return behave


def _ending_when_idle(*, reset: bool) -> Behavior:
    def behave(exchange: Exchange) -> None:
        exchange.peer.send(exchange.valid)
        exchange.peer.stall(0.01)
        exchange.peer.reset() if reset else exchange.peer.close()

    return behave


def _silent(exchange: Exchange) -> None:
    exchange.peer.wait_closed()


def _dripped_header(exchange: Exchange) -> None:
    exchange.peer.drip(exchange.valid, every=0.1)


def _dripped_body(exchange: Exchange) -> None:
    exchange.peer.send(exchange.valid[: -len(exchange.body)])
    exchange.peer.drip(exchange.body, every=0.4)


def _in_pieces(exchange: Exchange) -> None:
    for start in range(0, len(exchange.valid), 20):
        exchange.peer.send(exchange.valid[start : start + 20])
        exchange.peer.stall(0.001)


def _hints_and_a_pause(exchange: Exchange) -> None:
    exchange.peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    exchange.peer.stall(0.02)
    exchange.peer.send(exchange.valid)


_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
_NO_CONTENT = b"HTTP/1.1 204 No Content\r\n"

RESPONSES: dict[str, Behavior] = {
    # Valid, some of them unusual.
    "good": _sending(lambda x: x.valid),
    "chunked": _sending(lambda x: x.chunked),
    "in pieces": _in_pieces,
    "103 first": _sending(lambda x: _HINTS + x.valid),
    "103, a pause": _hints_and_a_pause,
    "Connection: close on an open connection": _sending(
        lambda x: x.head + b"Connection: close\r\n" + x.valid.removeprefix(x.head)
    ),
    "a body that ends with the connection": _ending(lambda x: x.head + b"\r\n" + x.body),
    # Too many bytes.
    "an extra byte": _sending(lambda x: x.valid + b"x"),
    "an extra response": _sending(lambda x: x.valid + x.forged),
    "an extra response after chunks": _sending(lambda x: x.chunked + x.forged),
    "an extra response after 103": _sending(lambda x: _HINTS + x.valid + x.forged),
    "an extra response after 401": _sending(lambda x: error_response(401) + x.forged),
    "an extra response after 503": _sending(lambda x: error_response(503) + x.forged),
    "a body after 204": _sending(lambda x: _NO_CONTENT + b"Content-Length: 5\r\n\r\n" + x.forged),
    "204": _sending(lambda x: _NO_CONTENT + b"\r\n"),
    "an unrequested upgrade": _sending(
        lambda x: b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n" + x.forged
    ),
    "two lengths": _sending(
        lambda x: x.head + b"Content-Length: 5\r\n" + x.valid.removeprefix(x.head) + x.forged
    ),
    "a length and chunks": _sending(
        lambda x: x.head + b"Content-Length: 5\r\n" + x.chunked.removeprefix(x.head) + x.forged
    ),
    "a length that is too small": _sending(
        lambda x: x.head + b"Content-Length: 5\r\n\r\n" + x.body + x.forged
    ),
    # Too few bytes.
    "FIN instead of a response": _ending(lambda x: b""),
    "RST instead of a response": _ending(lambda x: b"", reset=True),
    "FIN in the header": _ending(lambda x: x.valid[:25]),
    "RST in the header": _ending(lambda x: x.valid[:25], reset=True),
    "FIN in the body": _ending(lambda x: x.valid[:-3]),
    "RST in the body": _ending(lambda x: x.valid[:-3], reset=True),
    "FIN in a chunk": _ending(lambda x: x.chunked[:-9]),
    "RST in a chunk": _ending(lambda x: x.chunked[:-9], reset=True),
    "FIN when idle": _ending_when_idle(reset=False),
    "RST when idle": _ending_when_idle(reset=True),
    # Too late.
    "silent": _silent,
    "a dripped header": _dripped_header,
    "a dripped body": _dripped_body,
    # Error statuses.
    "401": _sending(lambda x: error_response(401)),
    "429": _sending(lambda x: error_response(429)),
    "429, Retry-After: 0": _sending(lambda x: error_response(429, headers="Retry-After: 0\r\n")),
    "503": _sending(lambda x: error_response(503)),
    "503 and FIN": _ending(lambda x: error_response(503)),
}
# Only after these may a client reuse the connection.
CLEAN = {
    *("good", "chunked", "in pieces", "103 first", "103, a pause", "204"),
    *("401", "429", "429, Retry-After: 0", "503"),
}
GREETINGS: dict[str, Callable[[Peer], object]] = {
    "FIN on connecting": Peer.close,
    "RST on connecting": Peer.reset,
}
SLOW = ["silent", "a dripped header", "a dripped body", "103, a pause", "in pieces"]
FAULTS = [*RESPONSES, *GREETINGS]


class Server(FaultServer):
    """Answers each token with its own profile or link, unless something else is planned.

    Attributes:
        requests_by_token: the number of complete requests.
        limited: the number of requests that were answered with 429, and so not processed.
        misused: by token, requests on connections that a client must not reuse.
        busy: the number of requests that it is answering.
    """

    def __init__(self) -> None:
        super().__init__(otherwise=self._converse)
        self.requests_by_token: Counter[str] = Counter()
        self.limited: Counter[str] = Counter()
        self.misused: dict[str, str] = {}
        self.busy = 0
        self._responses: deque[str] = deque()
        self._greetings: deque[str] = deque()
        self._histories: dict[Peer, list[str]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        super().__enter__()
        # Accepted sockets inherit it. Otherwise the kernel may delay bytes for 40 ms, until the
        # client acknowledges the previous response, and they arrive with its next request.
        self.listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self

    def plan(self, faults: Iterable[str]) -> None:
        """Plan the responses to the next requests, and what happens to the next connections."""
        for name in faults:
            (self._responses if name in RESPONSES else self._greetings).append(name)

    def forget_plans(self) -> None:
        """Answer all further requests."""
        self._responses.clear()
        self._greetings.clear()

    def send_unsolicited(self, data: bytes) -> None:
        """Send bytes over every open connection.

        Call it between requests: no client can distinguish bytes that arrive after its request
        from a response.
        """
        with self._lock:
            histories = list(self._histories.items())
        for peer, history in histories:
            history.append("unsolicited bytes")
            with contextlib.suppress(OSError):
                peer.send(data)

    def _converse(self, peer: Peer) -> None:
        greeting = self._next(self._greetings)
        if greeting is not None:
            GREETINGS[greeting](peer)
            return
        history: list[str] = []
        with self._lock:
            self._histories[peer] = history
        try:
            while request := peer.request():
                self._answer(peer, request, history)
        finally:
            with self._lock:
                del self._histories[peer]

    def _answer(self, peer: Peer, request: bytes, history: list[str]) -> None:
        token = token_of(request)
        method = request.partition(b" ")[0].decode()
        behavior = self._next(self._responses) or "good"
        with self._lock:
            self.busy += 1
            self.requests_by_token[token] += 1
            self.limited[token] += behavior.startswith("429")
            if history and not (method == "GET" and CLEAN.issuperset(history)):
                self.misused[token] = f"{method} after {history}"
            history.append(behavior if method == "GET" else "impersonated")
        answer = profile if method == "GET" else link
        try:
            RESPONSES[behavior](Exchange(peer, answer(token), answer(ATTACKER)))
        finally:
            with self._lock:
                self.busy -= 1

    @staticmethod
    def _next(planned: deque[str]) -> str | None:
        try:
            return planned.popleft()
        except IndexError:
            return None
