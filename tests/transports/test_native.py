"""NativeTransport beside the contract: its selection, and stack traces of its threads."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import traceback
from typing import Any

import pytest
from tests.support import make_request

from usersmanager import AsyncUsersManager, DeadlineExceededError, TransportError, UsersManager
from usersmanager.plugins import Token
from usersmanager.testing import FaultServer
from usersmanager.testing.certificates import client_context, server_context
from usersmanager.transports import Deadline
from usersmanager_native import NativeTransport


def test_it_is_not_the_default() -> None:
    with UsersManager("https://tenant.example") as users:
        assert "transport=urllib3 " in repr(users)

    async def main() -> str:
        async with AsyncUsersManager("https://tenant.example") as users:
            return repr(users)

    assert "transport=aiohttp " in asyncio.run(main())


def test_it_is_found_by_name_for_sync_and_asyncio(mode: Any) -> None:
    with FaultServer() as server:
        profile = mode.call("get_info", "mine", base_url=server.origin, transport="native")
    assert profile.sub == "mine"


def stack_of(thread: threading.Thread) -> traceback.StackSummary:
    frame = sys._current_frames().get(thread.ident or 0)
    return traceback.StackSummary.extract(traceback.walk_stack(frame), capture_locals=True)


@pytest.mark.parametrize("is_tls", [False, True])
def test_a_stack_trace_shows_nothing_of_a_request_that_is_being_sent(is_tls: bool) -> None:
    transport = NativeTransport(ssl_context=client_context())
    with FaultServer(
        otherwise=lambda peer: peer.stall(3),
        ssl_context=server_context() if is_tls else None,
        host="localhost",
    ) as server:
        request = make_request(
            origin=server.origin,
            token=Token("hush"),
            body=b"hush" * 2_000_000,
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
    assert "hush" not in "".join(stack.format())
    assert [type(error) for error in errors] == [DeadlineExceededError]
