"""The soak: every transport against a misbehaving server, for as long as one likes.

    SOAK_SECONDS=3600 python tests/soak/soak.py

Prints a table and a line of JSON; fails if a user got another's answer, if anything
leaked, or if a deadline was missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from usersmanager import AsyncUsersManager, LifecycleError, UsersManager, UsersManagerError
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_httptools import HttptoolsTransport
from usersmanager_urllib3 import Urllib3Transport

SECONDS = float(os.environ.get("SOAK_SECONDS", "60"))
GENERATION = 5.0
TIMEOUT = 1.0
THREADS, TASKS = 8, 32
# Promised are 0.1 s; the rest is for a machine that does nothing else but this.
OVERSHOOT_LIMIT = 0.25
MEMORY_LIMIT_MIB = 30

# By the name of a tally. The place of each is the number of its server.
BLOCKING: dict[str, Callable[..., Any]] = {
    "urllib3": Urllib3Transport,
    "httptools": HttptoolsTransport,
}
ASYNCIO: dict[str, Callable[..., Any]] = {
    "aiohttp": AiohttpTransport,
    "httptools, asyncio": HttptoolsTransport,
}
NAMES = [*BLOCKING, *ASYNCIO]


@dataclass
class Tally:
    """What has happened so far, on one transport."""

    calls: int = 0
    mismatches: int = 0
    cancelled: int = 0
    undocumented: int = 0
    overshoot: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    is_closing: bool = False

    def add(self, user: str, answer: str | None, error: str, begun: float) -> None:
        """Counts one call."""
        self.calls += 1
        self.outcomes[error or "ok"] += 1
        self.overshoot = max(self.overshoot, time.monotonic() - begun - TIMEOUT)
        if answer is not None and answer != user:
            self.mismatches += 1

    def fail(self, error: Exception) -> str:
        """Names an error, and counts those that no caller expects."""
        expected = isinstance(error, UsersManagerError)
        if isinstance(error, LifecycleError):
            expected = self.is_closing
        self.undocumented += not expected
        return type(error).__name__


def settings(user: str) -> dict[str, str]:
    """Impersonation settings whose answer names the user."""
    return {"impersonator_id": "i", "protocol": "oauth2", "token": user}


def work_blocking(users: UsersManager, until: float, tally: Tally) -> None:
    """One thread's calls."""
    while time.monotonic() < until and not tally.is_closing:
        user, answer, error = f"user-{random.randrange(1000)}", None, ""
        begun = time.monotonic()
        try:
            if random.random() < 0.02:
                answer = users.impersonate("u", settings(user)).rpartition("/")[2]
            else:
                answer = users.get_info(user).sub
        except Exception as failure:
            error = tally.fail(failure)
        tally.add(user, answer, error, begun)


async def work_asyncio(users: AsyncUsersManager, until: float, tally: Tally) -> None:
    """One task's calls, some of them cancelled."""
    while time.monotonic() < until and not tally.is_closing:
        user, answer, error = f"user-{random.randrange(1000)}", None, ""
        begun = time.monotonic()
        patience = random.random() * 0.02 if random.random() < 0.05 else None
        try:
            async with asyncio.timeout(patience) as limit:
                if random.random() < 0.02:
                    answer = (await users.impersonate("u", settings(user))).rpartition("/")[2]
                else:
                    answer = (await users.get_info(user)).sub
        except Exception as failure:
            if isinstance(failure, TimeoutError) and limit.expired():
                tally.cancelled += 1
                error = "cancelled"
            else:
                error = tally.fail(failure)
        tally.add(user, answer, error, begun)


def generation_blocking(server: Server, name: str, seconds: float, tally: Tally) -> None:
    """A manager's life, shared by threads: a disturbance amidst, a close under the callers."""
    number = NAMES.index(name)
    users = UsersManager(
        server.origins[number], timeout=TIMEOUT, transport=BLOCKING[name](pool_size=6)
    )
    tally.is_closing = False

    def shift(until: float) -> list[threading.Thread]:
        threads = [
            threading.Thread(target=work_blocking, args=(users, until, tally))
            for _ in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        return threads

    for thread in shift(time.monotonic() + seconds / 2):
        thread.join()
    server.disturb(number)
    last = shift(time.monotonic() + seconds)
    time.sleep(seconds / 2)
    tally.is_closing = True
    users.close()
    for thread in last:
        thread.join()


async def generation_asyncio(server: Server, name: str, seconds: float, tally: Tally) -> int:
    """A manager's life, shared by tasks; how many tasks are left in the end."""
    number = NAMES.index(name)
    transport = ASYNCIO[name](pool_size=24)
    users = AsyncUsersManager(server.origins[number], timeout=TIMEOUT, transport=transport)
    tally.is_closing = False

    def shift(until: float) -> asyncio.Future[list[None]]:
        return asyncio.gather(*(work_asyncio(users, until, tally) for _ in range(TASKS)))

    await shift(time.monotonic() + seconds / 2)
    server.disturb(number)
    last = shift(time.monotonic() + seconds)
    await asyncio.sleep(seconds / 2)
    tally.is_closing = True
    await users.aclose()
    await last
    await asyncio.sleep(0.05)
    return len(asyncio.all_tasks()) - 1


def one_generation(server: Server, seconds: float, tallies: dict[str, Tally]) -> int:
    """All transports side by side; how many tasks are left in the end."""
    left: list[int] = []

    def run_asyncio(name: str) -> None:
        left.append(asyncio.run(generation_asyncio(server, name, seconds, tallies[name])))

    work: list[tuple[Callable[..., None], tuple[Any, ...]]] = [
        *((generation_blocking, (server, name, seconds, tallies[name])) for name in BLOCKING),
        *((run_asyncio, (name,)) for name in ASYNCIO),
    ]
    threads = [threading.Thread(target=target, args=arguments) for target, arguments in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(left)


class Server:
    """The servers' process, as its clients see it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout
        self._lock = threading.Lock()
        self.origins = self._stdout.readline().split()

    def disturb(self, number: int) -> None:
        """Unsolicited bytes on the idle connections, which come before the next call."""
        with self._lock:
            print(number, file=self._stdin, flush=True)
            self._stdout.readline()
        # The kernel may hold small segments back for 40 ms. An event loop that blocks here
        # has not seen the bytes when its next call begins: that is meant.
        time.sleep(0.1)


@contextlib.contextmanager
def misbehaving_server() -> Iterator[Server]:
    """The servers' process."""
    command = [sys.executable, str(Path(__file__).with_name("server.py"))]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Server(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=30)


def census() -> dict[str, int]:
    """What may leak."""
    gc.collect()
    status = Path("/proc/self/status").read_text()
    resident = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return {
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "resident_mib": int(resident) // 1024,
    }


def soak() -> dict[str, Any]:
    """Runs it all; the report."""
    tallies = {name: Tally() for name in NAMES}
    with misbehaving_server() as server:
        # The first generation loads modules and fills caches, which are no leaks.
        one_generation(server, 1.0, {name: Tally() for name in NAMES})
        before, begun, left = census(), time.monotonic(), 0
        while (remaining := SECONDS - (time.monotonic() - begun)) > 0.1:
            left += one_generation(server, min(GENERATION, remaining), tallies)
        elapsed, after = time.monotonic() - begun, census()
    return {
        "seconds": round(elapsed, 1),
        "tasks_left": left,
        "before": before,
        "after": after,
        **{
            name: {
                "calls": tally.calls,
                "per_second": round(tally.calls / elapsed),
                "mismatches": tally.mismatches,
                "cancelled": tally.cancelled,
                "undocumented": tally.undocumented,
                "largest_overshoot_seconds": round(tally.overshoot, 3),
                "outcomes": dict(tally.outcomes.most_common()),
            }
            for name, tally in tallies.items()
        },
    }


def failures(report: dict[str, Any]) -> list[str]:
    """What must not be."""
    found = [] if not report["tasks_left"] else ["tasks are left"]
    for kind in ("descriptors", "threads"):
        if report["after"][kind] > report["before"][kind]:
            found.append(f"{kind} leak")
    if report["after"]["resident_mib"] > report["before"]["resident_mib"] + MEMORY_LIMIT_MIB:
        found.append("memory grows")
    for name in NAMES:
        if report[name]["mismatches"]:
            found.append(f"{name}: a user got another's answer")
        if report[name]["undocumented"]:
            found.append(f"{name}: an error that no caller expects")
        if report[name]["largest_overshoot_seconds"] > OVERSHOOT_LIMIT:
            found.append(f"{name}: a deadline was missed")
        if not report[name]["outcomes"].get("ok"):
            found.append(f"{name}: nothing succeeded")
    return found


def main() -> int:
    report = soak()
    for name in NAMES:
        for key, value in report[name].items():
            print(f"{name:18} {key:26} {value}")
    for key in ("seconds", "tasks_left", "before", "after"):
        print(f"{'':18} {key:26} {report[key]}")
    print(json.dumps(report))
    wrong = failures(report)
    print("soak:", "; ".join(wrong) or "nothing leaked, nobody got another's answer")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
