"""Strict cases: a process that forks, for sync transports only: event loops don't survive forks."""

from __future__ import annotations

import os
import warnings
from unittest import SkipTest

from ...fault_server import FaultServer
from ..cases import make_request, subject
from .faults import StrictCases

__all__ = ["ForkCases"]


class ForkCases(StrictCases):
    """A process that forks."""

    def test_a_fork_shares_no_connection(self) -> None:
        if not hasattr(os, "fork"):
            raise SkipTest("this platform has no fork")
        with FaultServer() as server, self.client() as client:
            self.assert_own_response(client, server, "before")
            child = _fork()
            if child == 0:
                passed = False
                try:
                    passed = subject(client.send(make_request(server, "child"))) == "child"
                finally:
                    os._exit(0 if passed else 1)
            _, status = os.waitpid(child, 0)
            exit_code = os.waitstatus_to_exitcode(status)
            assert exit_code == 0, "a request of a forked process must get its own response"
            assert server.connections == 2, "a forked process must use its own connection"
            self.assert_own_response(client, server, "parent")
            assert server.connections == 2, "a fork must not close the parent's connection"


def _fork() -> int:
    # Python 3.12 and newer warn that a fork copies no other thread, such as the server's. The
    # child needs none: it sends one request and exits.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()
