"""What is httptools' own, beside the contract."""

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
import trustme
from tests.support import make_request

from usersmanager import (
    ArgumentError,
    AsyncUsersManager,
    DeadlineExceededError,
    DisconnectedError,
    LifecycleError,
    TransportError,
    UsersManager,
    UsersManagerError,
)
from usersmanager.plugins import Token
from usersmanager.testing import FaultServer, Peer
from usersmanager.testing.contracts.cases import ask, subject_of
from usersmanager.transports import Deadline
from usersmanager_httptools import HttptoolsTransport

# Being chosen, and being there.


def test_the_default_transports_are_others() -> None:
    with UsersManager("https://tenant.example") as users:
        assert "transport=urllib3 " in repr(users)

    async def main() -> str:
        async with AsyncUsersManager("https://tenant.example") as users:
            return repr(users)

    assert "transport=aiohttp " in asyncio.run(main())


def test_it_serves_both_modes_by_name(mode: Any) -> None:
    with FaultServer() as server:
        profile = mode.call("get_info", "mine", base_url=server.origin, transport="httptools")
    assert profile.sub == "mine"


def test_one_object_serves_both_modes() -> None:
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
print(*[f"{one.name} {one.status}" for one in p.installed_plugins()])
u.UsersManager("https://tenant.example").close()
u.UsersManager("https://tenant.example", transport="httptools")
"""


def test_without_httptools_it_says_which_extra_brings_it_and_the_rest_works() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert "aiohttp active httptools missing dependency urllib3 active" in done.stdout
    assert done.stderr.splitlines()[-1].endswith(
        "ModuleNotFoundError: it needs httptools: python -m pip install 'usersmanager[fast]'"
    )


def test_it_says_what_it_does_not_do() -> None:
    with pytest.raises(ArgumentError, match="no HTTP/2"):
        HttptoolsTransport(http2=True)


def failure(mode: Any, origin: str, **settings: Any) -> UsersManagerError:
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
def serving_tls(script: Any) -> Iterator[tuple[str, ssl.SSLContext]]:
    authority = trustme.CA()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(serving)
    authority.configure_trust(trusting)
    with FaultServer(script, ssl_context=serving, host="localhost") as server:
        yield server.origin, trusting


UNTIL_THE_END = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"sub": "mine"}'


def test_tls_that_is_cut_ends_no_body(mode: Any) -> None:
    def cut(peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_THE_END)

    with serving_tls(cut) as (origin, trusting):
        assert isinstance(failure(mode, origin, ssl_context=trusting), DisconnectedError)


def test_tls_that_ends_in_order_ends_a_body(mode: Any) -> None:
    def ended(peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_THE_END)
        peer._sock.unwrap()  # type: ignore[attr-defined] # It is a TLS one.

    with serving_tls(ended) as (origin, trusting):
        profile = mode.call(
            "get_info",
            "mine",
            base_url=origin,
            transport=HttptoolsTransport(ssl_context=trusting),
            discover=False,
        )
    assert profile.sub == "mine"


def test_a_second_event_loop_is_refused() -> None:
    transport = HttptoolsTransport()
    with FaultServer() as server:

        async def main() -> str:
            response = await transport.asend(ask(server, "mine"))
            return subject_of(response)

        async def once() -> None:
            alone = ask(server, "mine", idempotent=False)  # No connection is kept.
            assert subject_of(await transport.asend(alone)) == "mine"
            await asyncio.sleep(0)

        asyncio.run(once())
        with pytest.raises(LifecycleError, match="one event loop"):
            asyncio.run(main())


@pytest.mark.parametrize("is_tls", [False, True])
def test_a_request_that_waits_to_be_sent_shows_nothing(is_tls: bool) -> None:
    authority = trustme.CA()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(serving)
    authority.configure_trust(trusting)
    transport = HttptoolsTransport(ssl_context=trusting)
    with FaultServer(
        otherwise=lambda peer: peer.stall(3),
        ssl_context=serving if is_tls else None,
        host="localhost",
    ) as server:
        request = make_request(
            origin=server.origin,
            token=Token("canary"),
            body=b"canary" * 2_000_000,
            idempotent=False,
            deadline=Deadline.after(0.6),
        )
        failures: list[TransportError] = []

        def send() -> None:
            try:
                transport.send(request)
            except TransportError as error:
                failures.append(error)

        sending = threading.Thread(target=send)
        sending.start()
        time.sleep(0.4)
        frame = sys._current_frames()[sending.ident or 0]
        stack = traceback.StackSummary.extract(traceback.walk_stack(frame), capture_locals=True)
        sending.join()
        transport.close()
    assert "_try_nonblocking" in {one.name for one in stack}
    assert "canary" not in "".join(stack.format())
    assert [type(one) for one in failures] == [DeadlineExceededError]
