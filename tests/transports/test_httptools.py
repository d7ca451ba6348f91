"""HttptoolsTransport beside the contract: selection, TLS, and the second parser."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.support import make_request
from tests.transports.http1.parsing import Parsed, parse, split

from usersmanager import (
    ArgumentError,
    AsyncUsersManager,
    DeadlineExceededError,
    DisconnectedError,
    ProtocolError,
    TransportError,
    UsersManager,
    UsersManagerError,
)
from usersmanager.plugins import Token
from usersmanager.testing import FaultServer, Peer
from usersmanager.testing.certificates import client_context, server_context
from usersmanager.transports import Deadline
from usersmanager_httptools import HttptoolsTransport
from usersmanager_httptools.parser import CheckedResponseParser, _Events

# Selection and installation.


def test_it_is_not_the_default() -> None:
    with UsersManager("https://tenant.example") as users:
        assert "transport=urllib3 " in repr(users)

    async def main() -> str:
        async with AsyncUsersManager("https://tenant.example") as users:
            return repr(users)

    assert "transport=aiohttp " in asyncio.run(main())


def test_it_is_found_by_name_for_sync_and_asyncio(mode: Any) -> None:
    with FaultServer() as server:
        profile = mode.call("get_info", "mine", base_url=server.origin, transport="httptools")
    assert profile.sub == "mine"


def test_one_transport_serves_a_sync_and_an_asyncio_manager() -> None:
    transport = HttptoolsTransport()

    async def main(origin: str) -> str:
        async with AsyncUsersManager(origin, transport=transport) as users:
            return (await users.get_info("there")).sub

    with FaultServer() as server, UsersManager(server.origin, transport=transport) as users:
        assert (users.get_info("here").sub, asyncio.run(main(server.origin))) == ("here", "there")


WITHOUT = """
import importlib.util as util
find = util.find_spec
util.find_spec = lambda name, *rest: None if name == "httptools" else find(name, *rest)
import usersmanager as u, usersmanager.plugins as p
print(*[f"{plugin.name} {plugin.status}" for plugin in p.installed_plugins()])
u.UsersManager("https://tenant.example").close()
u.UsersManager("https://tenant.example", transport="httptools")
"""


def test_without_httptools_the_error_names_the_extra_and_the_other_transports_work() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert "aiohttp active httptools missing dependency urllib3 active" in done.stdout
    assert done.stderr.splitlines()[-1].endswith(
        ": it needs httptools: python -m pip install 'usersmanager[fast]'"
    )


def test_http2_is_refused() -> None:
    with pytest.raises(ArgumentError, match="HTTP/2"):
        HttptoolsTransport(http2=True)


def error_of(mode: Any, origin: str, **settings: Any) -> UsersManagerError:
    with pytest.raises(UsersManagerError) as caught:
        mode.call(
            "get_info",
            "a-token",
            base_url=origin,
            transport=HttptoolsTransport(**settings),
            discover=False,
        )
    return caught.value


@contextmanager
def tls_server(script: Any) -> Iterator[tuple[str, ssl.SSLContext]]:
    """A server, and a client context that trusts it."""
    with FaultServer(script, ssl_context=server_context(), host="localhost") as server:
        yield server.origin, client_context()


UNSIZED_RESPONSE = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"sub": "mine"}'


def test_an_end_without_close_notify_completes_no_body(mode: Any) -> None:
    def close_abruptly(peer: Peer) -> None:
        peer.request()
        peer.send(UNSIZED_RESPONSE)

    with tls_server(close_abruptly) as (origin, trusting):
        assert isinstance(error_of(mode, origin, ssl_context=trusting), DisconnectedError)


def test_close_notify_completes_a_body(mode: Any) -> None:
    def close_in_order(peer: Peer) -> None:
        peer.request()
        peer.send(UNSIZED_RESPONSE)
        peer._sock.unwrap()  # type: ignore[attr-defined] # It is an SSLSocket.

    with tls_server(close_in_order) as (origin, trusting):
        profile = mode.call(
            "get_info",
            "mine",
            base_url=origin,
            transport=HttptoolsTransport(ssl_context=trusting),
            discover=False,
        )
    assert profile.sub == "mine"


def stack_of(thread: threading.Thread) -> traceback.StackSummary:
    frame = sys._current_frames().get(thread.ident or 0)
    return traceback.StackSummary.extract(traceback.walk_stack(frame), capture_locals=True)


@pytest.mark.parametrize("is_tls", [False, True])
def test_a_stack_trace_shows_nothing_of_a_request_that_is_being_sent(is_tls: bool) -> None:
    transport = HttptoolsTransport(ssl_context=client_context())
    with FaultServer(
        otherwise=lambda peer: peer.stall(3),
        ssl_context=server_context() if is_tls else None,
        host="localhost",
    ) as server:
        request = make_request(
            origin=server.origin,
            token=Token("canary"),
            body=b"canary" * 2_000_000,
            idempotent=False,
            deadline=Deadline.after(1.5),
        )
        errors: list[TransportError] = []

        def send() -> None:
            try:
                transport.send(request)
            except TransportError as error:
                errors.append(error)

        sending = threading.Thread(target=send)
        sending.start()
        stack = stack_of(sending)
        while not {"exchange", "_try_nonblocking"} < {frame.name for frame in stack}:
            assert sending.is_alive(), "it was not seen sending"
            time.sleep(0.01)
            stack = stack_of(sending)
        sending.join()
        transport.close()
    assert "canary" not in "".join(stack.format())
    assert [type(error) for error in errors] == [DeadlineExceededError]


# The second parser. llhttp is made to disagree: no response is known where it does.

SIZED = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: 1\r\n\r\n"
UNSIZED = b"HTTP/1.1 200 OK\r\n\r\n{}"


def parse_checked(data: bytes, *points: int) -> Parsed | TransportError:
    return parse(split(data, points), make_parser=CheckedResponseParser)


@pytest.mark.parametrize(
    "data", [CHUNKED.replace(b"2\r", b"2 \r"), CHUNKED.replace(b"2\r", b"2;=@\r")]
)
def test_a_chunked_response_that_llhttp_refuses_is_refused(data: bytes) -> None:
    assert isinstance(parse([data]), Parsed)
    error = parse_checked(data)
    assert isinstance(error, ProtocolError)
    assert error.__context__ is None
    assert "HttpParser" in str(error)


@pytest.mark.parametrize("data", [CHUNKED, UNSIZED])
def test_a_body_that_llhttp_parses_differently_is_refused(
    monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.setattr(_Events, "on_body", lambda self, data: self.body.append(data + b"!"))
    error = parse_checked(data)
    assert isinstance(error, ProtocolError)
    assert "ambiguous" in str(error)


@pytest.mark.parametrize("point", [60, len(CHUNKED) - 1, len(CHUNKED)])
def test_an_end_that_llhttp_does_not_see_is_refused(
    monkeypatch: pytest.MonkeyPatch, point: int
) -> None:
    monkeypatch.setattr(_Events, "on_message_complete", lambda self: None)
    error = parse_checked(CHUNKED, point)
    assert isinstance(error, ProtocolError)
    assert "ambiguous" in str(error)


@pytest.mark.parametrize("point", [60, len(CHUNKED) - 1])
def test_an_end_that_llhttp_sees_too_early_is_refused(
    monkeypatch: pytest.MonkeyPatch, point: int
) -> None:
    def start_complete(self: _Events) -> None:
        self.message_count, self.body = 1, []

    monkeypatch.setattr(_Events, "__init__", start_complete)
    monkeypatch.setattr(_Events, "on_message_complete", lambda self: None)
    error = parse_checked(CHUNKED, point)
    assert isinstance(error, ProtocolError)
    assert "ambiguous" in str(error)


def test_a_response_with_a_length_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Events, "on_body", lambda self, data: self.body.append(b"!"))
    assert isinstance(parse_checked(SIZED), Parsed)
    assert isinstance(parse_checked(b"HTTP/1.1 204 x\r\n\r\n"), Parsed)
