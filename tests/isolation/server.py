"""A server that does to each request what was planned, and keeps book of what it saw."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import NamedTuple, Self

from usersmanager.testing import FaultServer, Peer
from usersmanager.testing.fault_server import profile

MALLORY = "mallory"
LINKS = "https://links.example/"

_BEARER = re.compile(rb"\r\nauthorization: bearer ([^\r\n]*)\r\n", re.IGNORECASE)
_REFUSALS = {401: "Unauthorized", 429: "Too Many Requests", 503: "Service Unavailable"}


class Exchange(NamedTuple):
    """One request on a connection, and two answers of the kind it asks for.

    Attributes:
        peer: the connection.
        mine: the good answer, for the token that asked.
        theirs: what nobody may ever get.
    """

    peer: Peer
    mine: bytes
    theirs: bytes

    @property
    def head(self) -> bytes:
        """The good answer up to its body, without its length."""
        return self.mine.partition(b"Content-Length: ")[0]

    @property
    def body(self) -> bytes:
        """The body of the good answer."""
        return self.mine.partition(b"\r\n\r\n")[2]

    @property
    def chunked(self) -> bytes:
        """The good answer in two chunks."""
        body = self.body
        chunks = [b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:5], body[5:])]
        return self.head + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(chunks) + b"0\r\n\r\n"


Behaviour = Callable[[Exchange], object]


def link(token: str) -> bytes:
    """A good answer to `impersonate`; the link ends with the token."""
    body = (LINKS + token).encode()
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def refusal(status: int, *, headers: str = "") -> bytes:
    """An answer with an error status."""
    head = f"HTTP/1.1 {status} {_REFUSALS[status]}\r\nContent-Type: application/json\r\n"
    return f'{head}{headers}Content-Length: 15\r\n\r\n{{"error": "no"}}'.encode()


def _sending(answer: Callable[[Exchange], bytes]) -> Behaviour:
    """Sends all at once: the spare bytes have arrived before the client can ask again."""
    return lambda exchange: exchange.peer.send(answer(exchange))


def _ending(answer: Callable[[Exchange], bytes], *, reset: bool = False) -> Behaviour:
    """Sends, then ends the connection."""

    def behave(exchange: Exchange) -> None:
        exchange.peer.send(answer(exchange))
        exchange.peer.reset() if reset else exchange.peer.close()

    return behave


def _ending_when_idle(*, reset: bool) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        exchange.peer.send(exchange.mine)
        exchange.peer.stall(0.01)
        exchange.peer.reset() if reset else exchange.peer.close()

    return behave


def _silent(exchange: Exchange) -> None:
    exchange.peer.wait_closed()


def _dripped_header(exchange: Exchange) -> None:
    exchange.peer.drip(exchange.mine, every=0.05)


def _dripped_body(exchange: Exchange) -> None:
    exchange.peer.send(exchange.mine[: -len(exchange.body)])
    exchange.peer.drip(exchange.body, every=0.1)


def _in_pieces(exchange: Exchange) -> None:
    for start in range(0, len(exchange.mine), 20):
        exchange.peer.send(exchange.mine[start : start + 20])
        exchange.peer.stall(0.001)


def _hints_and_a_pause(exchange: Exchange) -> None:
    exchange.peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    exchange.peer.stall(0.02)
    exchange.peer.send(exchange.mine)


_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
_NO_CONTENT = b"HTTP/1.1 204 No Content\r\n"

ANSWERS: dict[str, Behaviour] = {
    # Unusual, but good.
    "good": _sending(lambda x: x.mine),
    "chunked": _sending(lambda x: x.chunked),
    "in pieces": _in_pieces,
    "103 first": _sending(lambda x: _HINTS + x.mine),
    "103, a pause": _hints_and_a_pause,
    "says close, and does not": _sending(
        lambda x: x.head + b"Connection: close\r\n" + x.mine.removeprefix(x.head)
    ),
    "ends with the connection": _ending(lambda x: x.head + b"\r\n" + x.body),
    # More than was asked for.
    "a spare byte": _sending(lambda x: x.mine + b"x"),
    "a spare response": _sending(lambda x: x.mine + x.theirs),
    "a spare response after chunks": _sending(lambda x: x.chunked + x.theirs),
    "a spare response after 103": _sending(lambda x: _HINTS + x.mine + x.theirs),
    "a spare response after 401": _sending(lambda x: refusal(401) + x.theirs),
    "a spare response after 503": _sending(lambda x: refusal(503) + x.theirs),
    "a body after 204": _sending(lambda x: _NO_CONTENT + b"Content-Length: 5\r\n\r\n" + x.theirs),
    "nothing but 204": _sending(lambda x: _NO_CONTENT + b"\r\n"),
    "an unasked upgrade": _sending(
        lambda x: b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n" + x.theirs
    ),
    "two lengths": _sending(
        lambda x: x.head + b"Content-Length: 5\r\n" + x.mine.removeprefix(x.head) + x.theirs
    ),
    "a length and chunks": _sending(
        lambda x: x.head + b"Content-Length: 5\r\n" + x.chunked.removeprefix(x.head) + x.theirs
    ),
    "a length that is too small": _sending(
        lambda x: x.head + b"Content-Length: 5\r\n\r\n" + x.body + x.theirs
    ),
    # Less than was asked for.
    "FIN instead of an answer": _ending(lambda x: b""),
    "RST instead of an answer": _ending(lambda x: b"", reset=True),
    "FIN in the header": _ending(lambda x: x.mine[:25]),
    "RST in the header": _ending(lambda x: x.mine[:25], reset=True),
    "FIN in the body": _ending(lambda x: x.mine[:-3]),
    "RST in the body": _ending(lambda x: x.mine[:-3], reset=True),
    "FIN in a chunk": _ending(lambda x: x.chunked[:-9]),
    "RST in a chunk": _ending(lambda x: x.chunked[:-9], reset=True),
    "FIN when idle": _ending_when_idle(reset=False),
    "RST when idle": _ending_when_idle(reset=True),
    # Too late.
    "silent": _silent,
    "a dripped header": _dripped_header,
    "a dripped body": _dripped_body,
    # No.
    "401": _sending(lambda x: refusal(401)),
    "429": _sending(lambda x: refusal(429)),
    "429, come back soon": _sending(lambda x: refusal(429, headers="Retry-After: 0\r\n")),
    "503": _sending(lambda x: refusal(503)),
    "503 and FIN": _ending(lambda x: refusal(503)),
}
# Nothing but these leaves a connection fit for another request.
CLEAN = {
    *("good", "chunked", "in pieces", "103 first", "103, a pause", "nothing but 204"),
    *("401", "429", "429, come back soon", "503"),
}
GREETINGS: dict[str, Callable[[Peer], object]] = {
    "FIN on connecting": Peer.close,
    "RST on connecting": Peer.reset,
}
SLOW = ["silent", "a dripped header", "a dripped body", "103, a pause", "in pieces"]
FAULTS = [*ANSWERS, *GREETINGS]


class Server(FaultServer):
    """Answers each token with its own profile or link, unless something else is planned.

    Attributes:
        seen: how many whole requests came with each token.
        limited: how many of them were answered with 429, which means "not processed".
        misused: by token, requests on connections that should have been given up, or left
            alone.
        busy: how many requests it is answering just now, in its way.
    """

    def __init__(self) -> None:
        super().__init__(otherwise=self._converse)
        self.seen: Counter[str] = Counter()
        self.limited: Counter[str] = Counter()
        self.misused: dict[str, str] = {}
        self.busy = 0
        self._answers: deque[str] = deque()
        self._greetings: deque[str] = deque()
        self._stories: dict[Peer, list[str]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        super().__enter__()
        # Accepted sockets inherit it. Else the kernel may hold bytes back for 40 ms, until
        # the client acknowledges the answer before, and they come just with the next request.
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self

    def plan(self, faults: Iterable[str]) -> None:
        """What to do to the next requests, and to the next connections."""
        for name in faults:
            (self._answers if name in ANSWERS else self._greetings).append(name)

    def behave(self) -> None:
        """Forgets what was planned."""
        self._answers.clear()
        self._greetings.clear()

    def disturb(self, data: bytes) -> None:
        """Sends on every open connection what nobody has asked for.

        To be called between calls: bytes that come just as a request leaves are an
        answer to it, as far as any client can tell.
        """
        with self._lock:
            stories = list(self._stories.items())
        for peer, story in stories:
            story.append("disturbed")
            with contextlib.suppress(OSError):
                peer.send(data)

    def _converse(self, peer: Peer) -> None:
        greeting = self._next(self._greetings)
        if greeting is not None:
            GREETINGS[greeting](peer)
            return
        story: list[str] = []
        with self._lock:
            self._stories[peer] = story
        try:
            while request := peer.request():
                self._answer(peer, request, story)
        finally:
            with self._lock:
                del self._stories[peer]

    def _answer(self, peer: Peer, request: bytes, story: list[str]) -> None:
        found = _BEARER.search(request)
        token = found[1].decode() if found else ""
        method = request.partition(b" ")[0].decode()
        behaviour = self._next(self._answers) or "good"
        with self._lock:
            self.busy += 1
            self.seen[token] += 1
            self.limited[token] += behaviour.startswith("429")
            if story and not (method == "GET" and CLEAN.issuperset(story)):
                self.misused[token] = f"{method} after {story}"
            story.append(behaviour if method == "GET" else "impersonated")
        answer = profile if method == "GET" else link
        try:
            ANSWERS[behaviour](Exchange(peer, answer(token), answer(MALLORY)))
        finally:
            with self._lock:
                self.busy -= 1

    @staticmethod
    def _next(planned: deque[str]) -> str | None:
        try:
            return planned.popleft()
        except IndexError:
            return None
