"""Every client of the benchmark gets the profile, over TLS from trusted servers only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.peers import cached_async_clients, cached_sync_clients
from benchmarks.scenarios import in_flight, in_threads
from benchmarks.server import Server, serving

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SYNC = [
    "urllib3",
    "usersmanager (urllib3)",
    "usersmanager (native)",
    "httpx",
    "requests",
    "auth0-python",
]
ASYNC = ["aiohttp", "usersmanager (aiohttp)", "usersmanager (native)", "httpx"]
THIRD_PARTY = {"httpx", "requests", "auth0"}

# A process of its own, because some libraries load certificates when they are imported.
PROGRAM = """
import json, sys
from benchmarks.scenarios import async_clients, in_flight, in_threads, sync_clients

def outcome(opening):
    try:
        with opening as batch:
            batch(2)
    except Exception as error:
        return [type(error).__name__, str(error), getattr(error, "name", None)]
    return ["profile", "", None]

url, kinds = sys.argv[1], {"sync": (sync_clients, in_threads), "async": (async_clients, in_flight)}
outcomes = {
    f"{kind} {name}": outcome(open_with(client, url, 2))
    for kind, (clients, open_with) in kinds.items()
    for name, client in clients().items()
}
print(json.dumps(outcomes))
"""
Outcomes = dict[str, list[str]]


def run_clients(url: str, trust: dict[str, str]) -> Outcomes:
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM, url],
        cwd=ROOT,
        env={**os.environ, **trust},
        stdout=subprocess.PIPE,
        check=True,
    )
    outcomes: Outcomes = json.loads(process.stdout)
    return outcomes


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Server, dict[str, str]]]:
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def outcomes(running: tuple[Server, dict[str, str]]) -> dict[str, Outcomes]:
    server, trust = running
    return {
        "plain": run_clients(server.base_url(1_000, tls=False), trust),
        "large": run_clients(server.base_url(100_000, tls=False), trust),
        "tls": run_clients(server.base_url(1_000, tls=True), trust),
    }


@pytest.mark.parametrize("scenario", ["plain", "large", "tls"])
@pytest.mark.parametrize(
    "client", [*(f"sync {name}" for name in SYNC), *(f"async {name}" for name in ASYNC)]
)
def test_every_client_gets_the_profile(
    scenario: str, client: str, outcomes: dict[str, Outcomes]
) -> None:
    kind, message, module = outcomes[scenario][client]
    if kind == "ModuleNotFoundError" and module in THIRD_PARTY:
        pytest.skip(message)
    assert (kind, message) == ("profile", "")


def test_no_client_accepts_an_untrusted_certificate(
    running: tuple[Server, dict[str, str]],
) -> None:
    outcomes = run_clients(running[0].base_url(1_000, tls=True), {})
    assert len(outcomes) == len(SYNC) + len(ASYNC)
    assert "profile" not in {kind for kind, _, _ in outcomes.values()}


def test_the_server_reports_its_cpu_time(running: tuple[Server, dict[str, str]]) -> None:
    before = running[0].cpu_seconds()
    assert 0 < before < running[0].cpu_seconds()


def test_cached_clients_are_answered_from_their_cache(
    running: tuple[Server, dict[str, str]],
) -> None:
    url = running[0].base_url(1_000, tls=False)
    sync = {name: in_threads(one, url, 2) for name, one in cached_sync_clients().items()}
    in_loop = {name: in_flight(one, url, 2) for name, one in cached_async_clients().items()}
    assert {"urllib3", "usersmanager (cache)"} <= set(sync)
    assert {"aiohttp", "usersmanager (cache)"} <= set(in_loop)
    for opening in (*sync.values(), *in_loop.values()):
        with opening as batch:
            batch(1_200)  # A client with a cache checks its own hits when it is closed.
