"""Tools that patch urllib3 and aiohttp: calls work, or are refused, and nothing stays broken."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from usersmanager.testing import FaultServer

aioresponses = pytest.importorskip("aioresponses")
pytest.importorskip("vcr")
pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("patched.py")
REFUSED = "refused"
OK = "a-token"  # The server answers with the token.


def outcomes(mode: str, tool: str, steps: str, origin: str, folder: Path) -> list[str]:
    """Run steps in a new process; return what each did."""
    ended = subprocess.run(
        [sys.executable, SCRIPT, mode, tool, steps, origin, str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "USERSMANAGER_DISABLE": ""},
    )
    assert ended.returncode == 0, ended.stderr
    lines = [line.partition(": ")[2] for line in ended.stdout.splitlines()]
    return [
        re.sub(r"^PluginError: vcr.*PoolManagerTransport.*Sandbox.*", REFUSED, line)
        for line in lines
    ]


@pytest.mark.parametrize(
    ("steps", "expected", "requests"),
    [
        ("create call enter call exit call", ["created", OK, OK, OK], 3),
        ("create enter create exit create call", ["created", REFUSED, "created", OK], 1),
        ("enter create exit create call", [REFUSED, "created", OK], 1),
        ("enter own create own exit own create call", [OK, REFUSED, OK, OK, "created", OK], 4),
    ],
    ids=["before", "created inside", "imported inside", "own client"],
)
def test_a_urllib3_transport_works_or_is_refused_around_a_cassette(
    tmp_path: Path, steps: str, expected: list[str], requests: int
) -> None:
    with FaultServer() as server:
        assert outcomes("sync", "vcrpy", steps, server.origin, tmp_path) == expected
        assert len(server.requests) == requests


@pytest.mark.parametrize(
    ("steps", "expected", "requests"),
    [
        ("create call enter call create call exit call", ["created", OK, OK, "created", OK, OK], 4),
        ("enter create call exit create call", ["created", OK, "created", OK], 2),
        ("enter own own exit own create call", [OK, OK, OK, "created", OK], 4),
    ],
)
def test_an_aiohttp_transport_does_not_notice_a_cassette(
    tmp_path: Path, steps: str, expected: list[str], requests: int
) -> None:
    with FaultServer() as server:
        assert outcomes("async", "vcrpy", steps, server.origin, tmp_path) == expected
        assert len(server.requests) == requests


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_cassette_answers_for_the_server(tmp_path: Path, mode: str) -> None:
    with FaultServer() as server:
        assert outcomes(mode, "vcrpy", "enter own exit", server.origin, tmp_path) == [OK]
    assert outcomes(mode, "vcrpy", "enter own exit", server.origin, tmp_path) == [OK]
    (cassette,) = tmp_path.iterdir()
    assert ("Bearer a-token" in cassette.read_text()) == (mode == "sync")


def aioresponses_works() -> bool:
    """Return whether aioresponses knows this version of aiohttp."""

    async def get() -> int:
        async with aiohttp.ClientSession() as session:
            return (await session.get("http://mocked.example")).status

    with aioresponses.aioresponses() as mocked:
        mocked.get("http://mocked.example")
        try:
            return asyncio.run(get()) == 200
        except TypeError:
            return False


@pytest.mark.parametrize(
    ("mode", "tool", "own"),
    [
        ("sync", "sentry", OK),
        ("async", "sentry", OK),
        ("sync", "mocks", OK),  # responses mocks requests, not urllib3.
        ("async", "mocks", "mocked"),
    ],
)
def test_calls_work_before_inside_and_after_other_tools(
    tmp_path: Path, mode: str, tool: str, own: str
) -> None:
    if (mode, tool) == ("async", "mocks") and not aioresponses_works():
        pytest.skip("aioresponses does not work with this version of aiohttp")
    steps = "create call enter call create call own exit call create call own"
    expected = ["created", OK, OK, "created", OK, own, OK, "created", OK, OK]
    with FaultServer() as server:
        assert outcomes(mode, tool, steps, server.origin, tmp_path) == expected
