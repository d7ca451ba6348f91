"""Calls while the interpreter shuts down, in programs that end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.support import installed_transports

from usersmanager.testing import FaultServer

SHUTTING_DOWN = "get_info: the interpreter is shutting down: make the call before the program ends"
CALLS = """
import asyncio, atexit, builtins, concurrent.futures, socket, sys, threading
from usersmanager import AsyncUsersManager, LifecycleError, UsersManager

def call(users, get_info=lambda users: users.get_info("t").sub):
    try:
        return get_info(users)
    except LifecycleError as error:
        return f"{error.operation}: {error}"

class Late:
    def __init__(self, finalize):
        self.finalize = finalize
    def __del__(self):
        self.finalize()
"""
# A transport that needs a thread, which Python refuses in functions of atexit.
WITH_A_THREAD = """
from usersmanager.testing import FakeTransport

class Threaded(FakeTransport):
    def send(self, request):
        return executor.submit(super().send, request).result()

executor = concurrent.futures.ThreadPoolExecutor()
threaded = UsersManager("https://t.example", transport=Threaded().profile("u"))
simple = UsersManager("https://t.example", transport=FakeTransport().profile("u"))

def finalize(print=print, call=call, simple=simple, UsersManager=UsersManager):
    print("finalizing", call(simple))
    print("finalizing", call("https://t.example", get_info=UsersManager))
    simple.close()

print("running", call(threaded))
atexit.register(threaded.close)
atexit.register(lambda: print("atexit", call(threaded), call(simple)))
builtins.late = Late(finalize)
"""
# Calls over a real transport; the host name is resolved.
OVER_A_TRANSPORT = """
moment, name, mode, port = sys.argv[1:]
resolve = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **named: resolve(
    host.replace("origin.example", "127.0.0.1"), *rest, **named)
url, settings = f"http://origin.example:{port}", {"allow_insecure": True, "timeout": 5}

async def acall():
    async with AsyncUsersManager(url, transport=name, **settings) as users:
        return (await users.get_info("t")).sub

if mode == "async":
    attempt = lambda: print(call(None, lambda users: asyncio.run(acall())))
else:
    users = UsersManager(url, transport=name, **settings)
    attempt = lambda print=print, call=call, users=users: (print(call(users)), users.close())

turn, is_over = threading.Event(), threading.Event()
def in_thread():
    turn.wait()
    attempt()
    is_over.set()

if moment == "atexit":
    atexit.register(attempt)
elif moment == "__del__":
    builtins.late = Late(attempt)
elif moment == "thread":
    threading.Thread(target=in_thread).start()
    threading.Thread(target=lambda: (threading.main_thread().join(), turn.set())).start()
else:
    threading.Thread(target=in_thread, daemon=True).start()
    atexit.register(lambda: (turn.set(), is_over.wait(10)))
"""
# A daemon thread is in the middle of a call when the program ends.
WITH_A_DAEMON = """
import time
users = UsersManager(f"http://127.0.0.1:{sys.argv[1]}")
atexit.register(users.close)
calls = []
def call_on():
    while call(users) == "t":
        calls.append(1)

threading.Thread(target=call_on, daemon=True).start()
while len(calls) < 3:
    time.sleep(0.01)
print("enough")
"""

# What the interpreter does at its end. Without the GIL, the managers of a program outlive it.
WITHOUT_MODULES = """
import gc
from usersmanager.testing import FakeTransport
users = [UsersManager("https://t.example", transport=FakeTransport()),
         AsyncUsersManager("https://t.example", transport=FakeTransport().profile("u"))]
asyncio.run(users[1].get_info("t"))
for module in [m for name, m in sys.modules.items() if name.startswith("usersmanager")]:
    for name in [name for name in vars(module) if not name.startswith("__")]:
        setattr(module, name, None)
users.clear()
gc.collect()
"""


def run(program: str, *arguments: str) -> list[str]:
    """Run a program that must end in time without an error; return its lines."""
    completed = subprocess.run(
        [sys.executable, "-W", "error", "-c", CALLS + program, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (completed.returncode, completed.stderr) == (0, "")
    return completed.stdout.splitlines()


@pytest.fixture(scope="module")
def port() -> Iterator[str]:
    with FaultServer() as server:
        yield server.origin.rpartition(":")[2]


def test_a_call_that_python_no_longer_allows_says_that_the_interpreter_is_shutting_down() -> None:
    assert run(WITH_A_THREAD) == [
        "running u",
        f"atexit {SHUTTING_DOWN} u",
        f"finalizing {SHUTTING_DOWN}",
        f"finalizing {SHUTTING_DOWN.replace('get_info', 'None')}",
    ]


def test_a_daemon_thread_in_a_call_does_not_keep_a_program_from_ending(port: str) -> None:
    assert run(WITH_A_DAEMON, port) == ["enough"]


def test_an_open_manager_that_outlives_the_modules_of_the_library_is_finalized_in_silence() -> None:
    assert run(WITHOUT_MODULES) == []


@pytest.mark.slow
@pytest.mark.parametrize(("name", "mode"), installed_transports())
@pytest.mark.parametrize("moment", ["atexit", "thread", "daemon thread"])
def test_a_call_over_any_transport_works_or_says_so(
    port: str, name: str, mode: str, moment: str
) -> None:
    (outcome,) = run(OVER_A_TRANSPORT, moment, name, mode, port)
    assert outcome in ("t", SHUTTING_DOWN)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, mode in installed_transports() if mode == "sync"])
def test_a_sync_call_of_a_finalizer_says_so(port: str, name: str) -> None:
    assert run(OVER_A_TRANSPORT, "__del__", name, "sync", port) == [SHUTTING_DOWN]
