"""Sync calls in an async view run in a pool of their own, so that they wait for each other less."""

from __future__ import annotations

import asyncio
import threading

import pytest
from examples.recipes.tests.loading import load

from usersmanager.testing import FaultServer, Peer, echo, profile

CALLS = 60  # More than the threads of the default pool: at most 32.


def test_all_calls_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    barrier = threading.Barrier(CALLS)

    def answer_when_all_have_arrived(peer: Peer) -> None:
        peer.request()
        barrier.wait(10)
        peer.send(profile("ada"))
        echo(peer)

    with FaultServer(otherwise=answer_when_all_have_arrived) as server:
        monkeypatch.setenv("AUTH0_URL", server.origin)
        module = load("threads")

        async def call_all() -> list[str | None]:
            profiles = await asyncio.gather(*(module.get_info("a-token") for _ in range(CALLS)))
            return [profile.sub for profile in profiles]

        with module.users, module.pool:
            assert asyncio.run(call_all()) == ["ada"] * CALLS
