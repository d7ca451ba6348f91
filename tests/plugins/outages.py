"""Calls during an outage, on a simulated clock."""

from __future__ import annotations

import contextlib
from typing import Any

from tests.support import TENANT, Clock, simulated_clock

from usersmanager import Response, UsersManager, UsersManagerError
from usersmanager.testing import FakeTransport
from usersmanager_retry import Retry

PROFILE = Response(200, {"Content-Type": "application/json"}, b'{"sub": "u"}')


def outage(*responses: Any, retry: Retry | None = None, timeout: float = 1000.0) -> Clock:
    """Return the clock after one call, for these responses and then a success."""
    with (
        simulated_clock() as clock,
        UsersManager(
            TENANT,
            transport=FakeTransport(*responses, PROFILE, real_time=True),
            plugins=[retry or Retry(attempts=len(responses) + 1)],
            discover=False,
        ) as users,
        contextlib.suppress(UsersManagerError),
    ):
        users.get_info("t", timeout=timeout)
    return clock
