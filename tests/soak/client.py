"""One client of the soak test: a transport against its own misbehaving server.

    python -m tests.soak.client native 60

Prints a line of JSON. A client has a process of its own, so that its event loop does not wait for
the threads of another.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import json
import os
import random
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import urllib3

from usersmanager import AsyncUsersManager, LifecycleError, UsersManager, UsersManagerError
from usersmanager_aiohttp import AiohttpTransport, ClientSessionTransport
from usersmanager_native import NativeTransport
from usersmanager_urllib3 import PoolManagerTransport, Urllib3Transport

GENERATION = 5.0
TIMEOUT = 1.0
THREADS, TASKS = 8, 32
TICK = 0.01
# Seconds for the first call that succeeds, on a busy machine.
PATIENCE = 20.0

SYNC: dict[str, Callable[..., Any]] = {
    "urllib3": Urllib3Transport,
    "native": NativeTransport,
}
ASYNC: dict[str, Callable[..., Any]] = {
    "aiohttp": AiohttpTransport,
    "native, async": NativeTransport,
}
STRICT = [*SYNC, *ASYNC]
# The adapters keep the basic contract, and always connect directly.
POOL_MANAGER, CLIENT_SESSION = "PoolManager", "ClientSession"
NAMES = [*STRICT, POOL_MANAGER, CLIENT_SESSION]


class Way(NamedTuple):
    """How a client gets to its server in one generation."""

    name: str
    base_url: str
    settings: dict[str, Any]


@contextlib.contextmanager
def sync_transport(name: str, way: Way) -> Iterator[Any]:
    """Make a sync transport."""
    if name in SYNC:
        yield SYNC[name](pool_size=6, **way.settings)
    else:
        with urllib3.PoolManager(maxsize=6, block=True) as pool_manager:
            yield PoolManagerTransport(pool_manager)


@contextlib.asynccontextmanager
async def async_transport(name: str, way: Way) -> AsyncIterator[Any]:
    """Make an asyncio transport."""
    if name in ASYNC:
        yield ASYNC[name](pool_size=24, **way.settings)
    else:
        async with aiohttp.ClientSession() as session:
            yield ClientSessionTransport(session)


class Lateness:
    """How late an event loop has been lately, for longer than a call takes.

    It may be late before the call has begun to count its time, or at the end.
    """

    def __init__(self) -> None:
        self._due = time.monotonic()
        self._late: deque[float] = deque([0.0], maxlen=round(3 * TIMEOUT / TICK))

    async def measure(self) -> None:
        """Measure it until it is cancelled."""
        while True:
            self._due = time.monotonic() + TICK
            await asyncio.sleep(TICK)
            self._late.append(time.monotonic() - self._due)

    def largest(self) -> float:
        """Return the largest lateness, in seconds, that of the step under way included."""
        return max(*self._late, time.monotonic() - self._due)


@dataclass
class Tally:
    """The results of one transport so far.

    Attributes:
        way: of the current generation.
        lateness: of the event loop, lately; of threads nothing is known.
        mismatches: the number of responses to another call, by way and by whose they were.
        ok: the number of calls that succeeded, by way.
        latest: the way and the outcome of the call that ended latest.
    """

    way: str = ""
    lateness: Lateness | None = None
    calls: int = 0
    mismatches: Counter[str] = field(default_factory=Counter)
    cancelled: int = 0
    undocumented: int = 0
    overshoot: float = 0.0
    latest: str = ""
    outcomes: Counter[str] = field(default_factory=Counter)
    ok: Counter[str] = field(default_factory=Counter)
    is_closing: bool = False

    def add(self, user: str, owner: str | None, error: str, started: float) -> None:
        """Count one call."""
        self.calls += 1
        self.outcomes[error or "ok"] += 1
        self.ok[self.way] += not error
        late = time.monotonic() - started - TIMEOUT
        if late > 0 and self.lateness is not None:
            late -= self.lateness.largest()
        if late > self.overshoot:
            self.overshoot, self.latest = late, f"{self.way}: {error or 'ok'}"
        if owner is not None and owner != user:
            self.mismatches[f"{self.way}: {owner}"] += 1

    def fail(self, error: Exception) -> str:
        """Return the name of an error, and count errors that are not documented."""
        is_documented = isinstance(error, UsersManagerError)
        if isinstance(error, LifecycleError):
            is_documented = self.is_closing
        self.undocumented += not is_documented
        return type(error).__name__


def goes_on(tally: Tally, until: float) -> bool:
    """Return whether to make another call: until a time, or until one has succeeded."""
    now = time.monotonic()
    needs_more = not tally.ok[tally.way] and now < until + PATIENCE
    return (now < until or needs_more) and not tally.is_closing


def settings(user: str) -> dict[str, str]:
    """Return impersonation settings for which the server returns a link with the user's name."""
    return {"impersonator_id": "i", "protocol": "oauth2", "token": user}


def call_from_thread(users: UsersManager, until: float, tally: Tally) -> None:
    """Make calls until a time, or until the manager is closed."""
    while goes_on(tally, until):
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
    while goes_on(tally, until):
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


def sync_generation(server: Server, name: str, way: Way, seconds: float, tally: Tally) -> None:
    """Use one manager from threads; send it unsolicited bytes, and close it during calls."""
    with sync_transport(name, way) as transport:
        users = UsersManager(way.base_url, timeout=TIMEOUT, transport=transport)
        use_from_threads(users, server, way, seconds, tally)


def use_from_threads(
    users: UsersManager, server: Server, way: Way, seconds: float, tally: Tally
) -> None:
    """Use a manager, and close it."""
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
    server.send_unsolicited(way)
    last = start_calls(time.monotonic() + seconds)
    time.sleep(seconds / 2)
    tally.is_closing = True
    users.close()
    for thread in last:
        thread.join()


async def async_generation(
    server: Server, name: str, way: Way, seconds: float, tally: Tally
) -> int:
    """Use one manager from tasks, in the same way. Return how many tasks are left."""
    tally.lateness = Lateness()
    measuring = asyncio.create_task(tally.lateness.measure())
    async with async_transport(name, way) as transport:
        users = AsyncUsersManager(way.base_url, timeout=TIMEOUT, transport=transport)
        await use_from_tasks(users, server, way, seconds, tally)
    measuring.cancel()
    return await count_tasks_left()


async def use_from_tasks(
    users: AsyncUsersManager, server: Server, way: Way, seconds: float, tally: Tally
) -> None:
    """Use a manager, and close it."""
    tally.is_closing = False

    def start_calls(until: float) -> asyncio.Future[list[None]]:
        return asyncio.gather(*(call_from_task(users, until, tally) for _ in range(TASKS)))

    await start_calls(time.monotonic() + seconds / 2)
    server.send_unsolicited(way)
    last = start_calls(time.monotonic() + seconds)
    await asyncio.sleep(seconds / 2)
    tally.is_closing = True
    await users.aclose()
    await last


async def count_tasks_left() -> int:
    """Count the other tasks of the event loop, once they had time to end."""
    for _ in range(500):
        if len(asyncio.all_tasks()) == 1:
            break
        await asyncio.sleep(0.01)
    return len(asyncio.all_tasks()) - 1


class Server:
    """The process of the servers.

    Attributes:
        ways: their names.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout
        started = json.loads(self._stdout.readline())
        self._ways = started["ways"]
        # One context for all, as applications have it.
        self._context = ssl.create_default_context(cadata=started["authority"])

    def ways(self, name: str) -> list[Way]:
        """Return the ways that a client can go."""
        return [
            Way(way, base_url, {"proxy": proxy, "ssl_context": self._context})
            for way, (base_url, proxy) in self._ways.items()
            if name in STRICT or way == "direct"
        ]

    def send_unsolicited(self, way: Way) -> None:
        """Send unsolicited bytes over the idle connections, and wait until they have arrived.

        Nobody knows when a tunnel has forwarded them. If it is after the next request, no client
        can distinguish them from a response.
        """
        if way.name.startswith("tunnel"):
            return
        print(way.name, file=self._stdin, flush=True)
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
        process.wait(timeout=120)


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


def one_generation(server: Server, name: str, way: Way, seconds: float, tally: Tally) -> int:
    """Use a client in one way. Return how many tasks are left."""
    tally.way = way.name
    if name in SYNC or name == POOL_MANAGER:
        sync_generation(server, name, way, seconds, tally)
        return 0
    return asyncio.run(async_generation(server, name, way, seconds, tally))


def use(name: str, seconds: float) -> dict[str, Any]:
    """Use a client in every way in turn, and return its report."""
    tally, tasks_left = Tally(), 0
    with misbehaving_server() as server:
        ways = server.ways(name)
        # The first generations load modules and fill caches.
        for way in ways:
            one_generation(server, name, way, 0.5, Tally())
        before, started = count_resources(), time.monotonic()
        generation = min(GENERATION, seconds / len(ways))
        for number, way in enumerate(itertools.cycle(ways)):
            # On a busy machine, too, each way has its turn.
            is_first = number < len(ways)
            remaining = generation if is_first else seconds - (time.monotonic() - started)
            if remaining <= 0.1:
                break
            tasks_left += one_generation(server, name, way, min(generation, remaining), tally)
        elapsed, after = time.monotonic() - started, count_resources()
    return {
        "seconds": round(elapsed, 1),
        "calls": tally.calls,
        "per_second": round(tally.calls / elapsed),
        "mismatches": dict(tally.mismatches),
        "cancelled": tally.cancelled,
        "undocumented": tally.undocumented,
        "largest_overshoot_seconds": round(tally.overshoot, 3),
        "of_the_call": tally.latest,
        "outcomes": dict(tally.outcomes.most_common()),
        "ok": dict(tally.ok),
        "tasks_left": tasks_left,
        "before": before,
        "after": after,
    }


if __name__ == "__main__":
    print(json.dumps(use(sys.argv[1], float(sys.argv[2]))))
