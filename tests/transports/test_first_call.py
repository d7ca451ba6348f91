"""The first call of an asyncio transport: nothing in it blocks the event loop."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Watches for files, imports and look-ups in the thread of the event loop.
PROGRAM = """
import asyncio, sys, threading
from tests.transports.calls import TRANSPORTS
from usersmanager.testing import FaultServer
from usersmanager.testing.certificates import client_context, server_context
from usersmanager import AsyncUsersManager

BLOCKING = ("open", "import", "socket.getaddrinfo", "socket.gethostbyname", "os.listdir")
blocked, is_watching = [], False

def watch(event, arguments):
    if is_watching and event in BLOCKING and threading.current_thread() is threading.main_thread():
        blocked.append((event, arguments[0]))

sys.addaudithook(watch)

async def main(users):
    global is_watching
    is_watching = True
    assert (await users.get_info("t")).sub == "t"
    is_watching = False
    await users.aclose()

name, host = sys.argv[1:]
with FaultServer(host=host, ssl_context=server_context(host)) as server:
    context = client_context()
    transport = TRANSPORTS[name][1](ssl_context=context)
    users = AsyncUsersManager(server.origin, transport=transport, discover=False)
    asyncio.run(main(users))
print(blocked)
"""


@pytest.mark.parametrize("host", ["localhost", pytest.param("127.0.0.1", marks=pytest.mark.slow)])
@pytest.mark.parametrize("transport", ["aiohttp", "native async"])
def test_the_first_call_reads_no_file_imports_nothing_and_asks_no_resolver(
    transport: str, host: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, transport, host],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


CA_STORE = """
import ssl
from tests.transports.calls import TRANSPORTS

loaded = []
load = ssl.SSLContext.load_default_certs
ssl.SSLContext.load_default_certs = lambda *rest: (loaded.append(1), load(*rest))
for _, transport_class in TRANSPORTS.values():
    transport_class()
print(loaded)
"""


def test_the_constructor_loads_the_authorities_once_in_a_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CA_STORE], capture_output=True, text=True, timeout=120
    )
    assert (done.stdout, done.stderr) == ("[1]\n", "")
