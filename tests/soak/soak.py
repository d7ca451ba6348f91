"""The soak: both transports against a misbehaving server, for as long as one likes.

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
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from usersmanager import AsyncUsersManager, UsersManager, UsersManagerError
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_urllib3 import Urllib3Transport

SECONDS = float(os.environ.get("SOAK_SECONDS", "60"))
GENERATION = 5.0
TIMEOUT = 1.0
THREADS, TASKS = 8, 32
# Promised are 0.1 s; the rest is for a machine that does nothing else but this.
OVERSHOOT_LIMIT = 0.25
MEMORY_LIMIT_MIB = 30


@dataclass
class Tally:
    """What has happened so far, on one transport."""

    calls: int = 0
    mismatches: int = 0
    cancelled: int = 0
    overshoot: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)

    def add(self, user: str, answer: str | None, error: str, begun: float) -> None:
        """Counts one call."""
        self.calls += 1
        self.outcomes[error or "ok"] += 1
        self.overshoot = max(self.overshoot, time.monotonic() - begun - TIMEOUT)
        if answer is not None and answer != user:
            self.mismatches += 1


def settings(user: str) -> dict[str, str]:
    """Impersonation settings whose answer names the user."""
    return {"impersonator_id": "i", "protocol": "oauth2", "token": user}


def work_blocking(users: UsersManager, until: float, tally: Tally) -> None:
    """One thread's calls."""
    while time.monotonic() < until:
        user, answer, error = f"user-{random.randrange(1000)}", None, ""
        begun = time.monotonic()
        try:
            if random.random() < 0.02:
                answer = users.impersonate("u", settings(user)).rpartition("/")[2]
            else:
                answer = users.get_info(user).sub
        except UsersManagerError as failure:
            error = type(failure).__name__
        tally.add(user, answer, error, begun)


async def work_asyncio(users: AsyncUsersManager, until: float, tally: Tally) -> None:
    """One task's calls, some of them cancelled."""
    while time.monotonic() < until:
        user, answer, error = f"user-{random.randrange(1000)}", None, ""
        begun = time.monotonic()
        patience = random.random() * 0.02 if random.random() < 0.05 else None
        try:
            async with asyncio.timeout(patience):
                if random.random() < 0.02:
                    answer = (await users.impersonate("u", settings(user))).rpartition("/")[2]
                else:
                    answer = (await users.get_info(user)).sub
        except UsersManagerError as failure:
            error = type(failure).__name__
        except TimeoutError:
            tally.cancelled += 1
            error = "cancelled"
        tally.add(user, answer, error, begun)


def generation_blocking(origin: str, until: float, tally: Tally) -> None:
    """A manager's life, shared by threads."""
    with UsersManager(origin, timeout=TIMEOUT, transport=Urllib3Transport(pool_size=6)) as users:
        threads = [
            threading.Thread(target=work_blocking, args=(users, until, tally))
            for _ in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


async def generation_asyncio(origin: str, until: float, tally: Tally) -> int:
    """A manager's life, shared by tasks; how many tasks are left in the end."""
    transport = AiohttpTransport(pool_size=24)
    async with AsyncUsersManager(origin, timeout=TIMEOUT, transport=transport) as users:
        await asyncio.gather(*(work_asyncio(users, until, tally) for _ in range(TASKS)))
    await asyncio.sleep(0.05)
    return len(asyncio.all_tasks()) - 1


def one_generation(origin: str, seconds: float, tallies: dict[str, Tally]) -> int:
    """Both transports side by side; how many tasks are left in the end."""
    until = time.monotonic() + seconds
    blocking = threading.Thread(
        target=generation_blocking, args=(origin, until, tallies["urllib3"])
    )
    blocking.start()
    left = asyncio.run(generation_asyncio(origin, until, tallies["aiohttp"]))
    blocking.join()
    return left


@contextlib.contextmanager
def misbehaving_server() -> Iterator[tuple[str, Any]]:
    """Its origin, and a pipe to talk to it."""
    command = [sys.executable, str(Path(__file__).with_name("server.py"))]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process.stdin
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
    tallies = {"urllib3": Tally(), "aiohttp": Tally()}
    with misbehaving_server() as (origin, server):
        # The first generation loads modules and fills caches, which are no leaks.
        one_generation(origin, 1.0, {"urllib3": Tally(), "aiohttp": Tally()})
        before, begun, left = census(), time.monotonic(), 0
        while (remaining := SECONDS - (time.monotonic() - begun)) > 0.1:
            left += one_generation(origin, min(GENERATION, remaining), tallies)
            print("clear", file=server, flush=True)
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
    for name in ("urllib3", "aiohttp"):
        if report[name]["mismatches"]:
            found.append(f"{name}: a user got another's answer")
        if report[name]["largest_overshoot_seconds"] > OVERSHOOT_LIMIT:
            found.append(f"{name}: a deadline was missed")
        if not report[name]["outcomes"].get("ok"):
            found.append(f"{name}: nothing succeeded")
    return found


def main() -> int:
    report = soak()
    for name in ("urllib3", "aiohttp"):
        for key, value in report[name].items():
            print(f"{name:8} {key:26} {value}")
    for key in ("seconds", "tasks_left", "before", "after"):
        print(f"{'':8} {key:26} {report[key]}")
    print(json.dumps(report))
    wrong = failures(report)
    print("soak:", "; ".join(wrong) or "nothing leaked, nobody got another's answer")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
