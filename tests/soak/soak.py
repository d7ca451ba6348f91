"""Soak test: every transport against a misbehaving server.

    SOAK_SECONDS=3600 python tests/soak/soak.py

Prints a table and a line of JSON. Fails if a call got the response to another call, if resources
leaked or if a deadline was missed.
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
from usersmanager_native import NativeTransport
from usersmanager_urllib3 import Urllib3Transport

SECONDS = float(os.environ.get("SOAK_SECONDS", "60"))
GENERATION = 5.0
TIMEOUT = 1.0
THREADS, TASKS = 8, 32
# Transports guarantee 0.1 s; the rest is for a busy machine.
OVERSHOOT_LIMIT = 0.25
MEMORY_LIMIT_MIB = 30

# Each transport has its own server, whose number is the index in NAMES.
SYNC: dict[str, Callable[..., Any]] = {
    "urllib3": Urllib3Transport,
    "native": NativeTransport,
}
ASYNC: dict[str, Callable[..., Any]] = {
    "aiohttp": AiohttpTransport,
    "native, async": NativeTransport,
}
NAMES = [*SYNC, *ASYNC]


@dataclass
class Tally:
    """The results of one transport so far."""

    calls: int = 0
    mismatches: int = 0
    cancelled: int = 0
    undocumented: int = 0
    overshoot: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    is_closing: bool = False

    def add(self, user: str, owner: str | None, error: str, started: float) -> None:
        """Count one call."""
        self.calls += 1
        self.outcomes[error or "ok"] += 1
        self.overshoot = max(self.overshoot, time.monotonic() - started - TIMEOUT)
        if owner is not None and owner != user:
            self.mismatches += 1

    def fail(self, error: Exception) -> str:
        """Return the name of an error, and count errors that are not documented."""
        is_documented = isinstance(error, UsersManagerError)
        if isinstance(error, LifecycleError):
            is_documented = self.is_closing
        self.undocumented += not is_documented
        return type(error).__name__


def settings(user: str) -> dict[str, str]:
    """Return impersonation settings for which the server returns a link with the user's name."""
    return {"impersonator_id": "i", "protocol": "oauth2", "token": user}


def call_from_thread(users: UsersManager, until: float, tally: Tally) -> None:
    """Make calls until a time, or until the manager is closed."""
    while time.monotonic() < until and not tally.is_closing:
        user, owner, error = f"user-{random.randrange(1000)}", None, ""
        started = time.monotonic()
        try:
            if random.random() < 0.02:
                owner = users.impersonate("u", settings(user)).rpartition("/")[2]
            else:
                owner = users.get_info(user).sub
        except Exception as raised:
            error = tally.fail(raised)
        tally.add(user, owner, error, started)


async def call_from_task(users: AsyncUsersManager, until: float, tally: Tally) -> None:
    """Make calls until a time, or until the manager is closed, and cancel some of them."""
    while time.monotonic() < until and not tally.is_closing:
        user, owner, error = f"user-{random.randrange(1000)}", None, ""
        started = time.monotonic()
        cancel_after = random.random() * 0.02 if random.random() < 0.05 else None
        try:
            async with asyncio.timeout(cancel_after) as limit:
                if random.random() < 0.02:
                    owner = (await users.impersonate("u", settings(user))).rpartition("/")[2]
                else:
                    owner = (await users.get_info(user)).sub
        except Exception as raised:
            if isinstance(raised, TimeoutError) and limit.expired():
                tally.cancelled += 1
                error = "cancelled"
            else:
                error = tally.fail(raised)
        tally.add(user, owner, error, started)


def sync_generation(server: Server, name: str, seconds: float, tally: Tally) -> None:
    """Use one manager from threads; send it unsolicited bytes, and close it during calls."""
    number = NAMES.index(name)
    users = UsersManager(server.origins[number], timeout=TIMEOUT, transport=SYNC[name](pool_size=6))
    tally.is_closing = False

    def start_calls(until: float) -> list[threading.Thread]:
        threads = [
            threading.Thread(target=call_from_thread, args=(users, until, tally))
            for _ in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        return threads

    for thread in start_calls(time.monotonic() + seconds / 2):
        thread.join()
    server.send_unsolicited(number)
    last = start_calls(time.monotonic() + seconds)
    time.sleep(seconds / 2)
    tally.is_closing = True
    users.close()
    for thread in last:
        thread.join()


async def async_generation(server: Server, name: str, seconds: float, tally: Tally) -> int:
    """Use one manager from tasks, in the same way. Return how many tasks are left."""
    number = NAMES.index(name)
    transport = ASYNC[name](pool_size=24)
    users = AsyncUsersManager(server.origins[number], timeout=TIMEOUT, transport=transport)
    tally.is_closing = False

    def start_calls(until: float) -> asyncio.Future[list[None]]:
        return asyncio.gather(*(call_from_task(users, until, tally) for _ in range(TASKS)))

    await start_calls(time.monotonic() + seconds / 2)
    server.send_unsolicited(number)
    last = start_calls(time.monotonic() + seconds)
    await asyncio.sleep(seconds / 2)
    tally.is_closing = True
    await users.aclose()
    await last
    return await count_tasks_left()


async def count_tasks_left() -> int:
    """Count the other tasks of the event loop, once they had time to end."""
    for _ in range(500):
        if len(asyncio.all_tasks()) == 1:
            break
        await asyncio.sleep(0.01)
    return len(asyncio.all_tasks()) - 1


def one_generation(server: Server, seconds: float, tallies: dict[str, Tally]) -> int:
    """Use every transport concurrently. Return how many tasks are left."""
    tasks: list[int] = []

    def run_async(name: str) -> None:
        tasks.append(asyncio.run(async_generation(server, name, seconds, tallies[name])))

    work: list[tuple[Callable[..., None], tuple[Any, ...]]] = [
        *((sync_generation, (server, name, seconds, tallies[name])) for name in SYNC),
        *((run_async, (name,)) for name in ASYNC),
    ]
    threads = [threading.Thread(target=target, args=arguments) for target, arguments in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(tasks)


class Server:
    """The process of the servers."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout
        self._lock = threading.Lock()
        self.origins = self._stdout.readline().split()

    def send_unsolicited(self, number: int) -> None:
        """Send unsolicited bytes over the idle connections, and wait until they have arrived."""
        with self._lock:
            print(number, file=self._stdin, flush=True)
            self._stdout.readline()
        # The kernel may delay small segments for 40 ms. This blocks the event loop on purpose:
        # it has not read the bytes when the next call starts.
        time.sleep(0.1)


@contextlib.contextmanager
def misbehaving_server() -> Iterator[Server]:
    """Start the process of the servers."""
    command = [sys.executable, str(Path(__file__).with_name("server.py"))]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Server(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=30)


def count_resources() -> dict[str, int]:
    """Return the amount of resources that may leak."""
    gc.collect()
    status = Path("/proc/self/status").read_text()
    resident = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return {
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "resident_mib": int(resident) // 1024,
    }


def soak() -> dict[str, Any]:
    """Run the test, and return its report."""
    tallies = {name: Tally() for name in NAMES}
    with misbehaving_server() as server:
        # The first generation loads modules and fills caches.
        one_generation(server, 1.0, {name: Tally() for name in NAMES})
        before, started, tasks = count_resources(), time.monotonic(), 0
        while (remaining := SECONDS - (time.monotonic() - started)) > 0.1:
            tasks += one_generation(server, min(GENERATION, remaining), tallies)
        elapsed, after = time.monotonic() - started, count_resources()
    return {
        "seconds": round(elapsed, 1),
        "tasks_left": tasks,
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
    """Return the failures in a report."""
    messages = [] if not report["tasks_left"] else ["tasks are left"]
    for kind in ("descriptors", "threads"):
        if report["after"][kind] > report["before"][kind]:
            messages.append(f"{kind} leak")
    if report["after"]["resident_mib"] > report["before"]["resident_mib"] + MEMORY_LIMIT_MIB:
        messages.append("memory grows")
    for name in NAMES:
        if report[name]["mismatches"]:
            messages.append(f"{name}: a call got the response to another call")
        if report[name]["undocumented"]:
            messages.append(f"{name}: an undocumented error")
        if report[name]["largest_overshoot_seconds"] > OVERSHOOT_LIMIT:
            messages.append(f"{name}: a deadline was missed")
        if not report[name]["outcomes"].get("ok"):
            messages.append(f"{name}: nothing succeeded")
    return messages


def main() -> int:
    report = soak()
    for name in NAMES:
        for key, value in report[name].items():
            print(f"{name:18} {key:26} {value}")
    for key in ("seconds", "tasks_left", "before", "after"):
        print(f"{'':18} {key:26} {report[key]}")
    print(json.dumps(report))
    messages = failures(report)
    print("soak:", "; ".join(messages) or "no leak, and every call got its own response")
    return 1 if messages else 0


if __name__ == "__main__":
    sys.exit(main())
