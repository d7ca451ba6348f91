"""A Lambda function works after its process was frozen between two invocations."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable

import pytest
from examples.recipes.tests.processes import Process

from usersmanager.testing import FaultServer, Peer, profile

EVENT = json.dumps({"headers": {"authorization": "Bearer a-token"}})


@pytest.mark.parametrize("end", [Peer.close, Peer.reset], ids=["closed", "reset"])
def test_a_connection_that_ended_while_frozen_is_not_used_again(
    end: Callable[[Peer], None],
) -> None:
    is_frozen, has_ended = threading.Event(), threading.Event()

    def serve_once(peer: Peer) -> None:
        peer.request()
        peer.send(profile("before"))
        is_frozen.wait()
        end(peer)
        has_ended.set()

    with (
        FaultServer(serve_once) as server,
        Process("aws_lambda", "../tests/lambda_runtime.py", AUTH0_URL=server.origin) as process,
    ):
        process.write(EVENT)
        process.wait_for("200.*before")
        process.popen.send_signal(signal.SIGSTOP)
        is_frozen.set()
        assert has_ended.wait(10)
        process.popen.send_signal(signal.SIGCONT)
        process.write(EVENT)
        # The server now answers with the token for a subject.
        process.wait_for("200.*a-token")
        assert len(server.requests) == server.connections == 2
