"""Where the time of a call goes: each layer alone, and the whole, in interleaved rounds.

Every layer does the work of a real call: its request, and the response that the server sent to it.
"""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from select import POLLIN, poll
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

from usersmanager import AsyncUsersManager, Request, Response, UsersManager
from usersmanager._operations.decoding import read_profile
from usersmanager._values.deadline import Deadline
from usersmanager.transports.http1.async_pool import AsyncPool
from usersmanager.transports.http1.sync_pool import SyncPool
from usersmanager_native import NativeTransport

from .measure import Batch, interleave
from .profiles import TOKEN
from .server import Server

__all__ = ["Layer", "measure_layers"]

_IN_FLIGHT = 100
_FOREVER = Deadline.after(1e6)


class Layer(NamedTuple):
    """A layer, and its microseconds per call: one thread, and asyncio with 100 in flight."""

    name: str
    sync: float
    asyncio: float


class _Idle:
    """A connection that can always be reused."""

    def __init__(self) -> None:
        self.opened_at = time.monotonic()

    def is_clean(self) -> bool:
        return True

    def close(self) -> None: ...


class _Canned:
    """A transport that returns the response to the first call again and again.

    Attributes:
        request: of the last call.
        response: to the first call.
    """

    strict = True
    request: Request
    response: Response | None = None

    def __init__(self) -> None:
        self._native = NativeTransport()

    def send(self, request: Request) -> Response:
        self.request = request
        if self.response is None:
            self.response = self._native.send(request)
        return self.response

    async def asend(self, request: Request) -> Response:
        return self.send(request)

    def close(self) -> None:
        self._native.close()

    async def aclose(self) -> None:
        self.close()


def measure_layers(server: Server, rounds: int, seconds: float) -> list[Layer]:
    """Measure the layers of a call with the native transport."""
    url = server.base_url(1_000, tls=False)
    canned = _Canned()
    with UsersManager(url, transport=canned, timeout=3600.0) as users:
        users.get_info(TOKEN)
        request, response = canned.request, canned.response
    assert response is not None
    parts = _parts(request, response)
    with ExitStack() as stack:
        alone = stack.enter_context(_sync_layers(url, request))
        together = stack.enter_context(_async_layers(url, request))
        batches = {**parts, **alone, **together}
        turns = interleave(batches, rounds, seconds, _IN_FLIGHT, server.cpu_seconds)
    # The fastest round: what else the machine does only adds to the time of a small step.
    return _table({name: 1e6 * min(turn.seconds for turn in turns[name]) for name in batches})


def _table(cost: Mapping[str, float]) -> list[Layer]:
    def both(name: str) -> tuple[float, float]:
        return cost[f"sync {name}"], cost[f"async {name}"]

    def less(whole: tuple[float, float], *parts: tuple[float, float]) -> tuple[float, float]:
        return whole[0] - sum(part[0] for part in parts), whole[1] - sum(part[1] for part in parts)

    decode, serialize, parse = [(cost[name],) * 2 for name in ("decode", "serialize", "parse")]
    pool, wire, send = both("pool"), both("wire"), both("send")
    return [
        Layer("Manager, plugins and flow", *less(both("canned"), decode)),
        Layer("Decode JSON", *decode),
        Layer("Pool", *pool),
        Layer("Serialize the request", *serialize),
        Layer("Socket and event loop, and waiting for the server", *wire),
        Layer("Parse the response", *parse),
        Layer("The rest of the transport", *less(send, pool, serialize, wire, parse)),
        Layer("Whole call", *both("call")),
    ]


def _parts(request: Request, response: Response) -> dict[str, Batch]:
    """Return the layers that are the same in both styles."""
    settings = NativeTransport()._settings
    received = _as_received(response)

    def parse() -> None:
        parser = settings.parser(request)
        parser.receive_data(received)
        parser.response()

    return {
        "decode": _repeat(lambda: read_profile(response)),
        "serialize": _repeat(lambda: settings.serialize(request)),
        "parse": _repeat(parse),
    }


def _as_received(response: Response) -> bytes:
    fields = "".join(f"{name}: {value}\r\n" for name, value in response.headers.items())
    return f"HTTP/1.1 {response.status} OK\r\n{fields}\r\n".encode() + response.body


def _address(url: str) -> tuple[str, int]:
    host, port = urlsplit(url).hostname, urlsplit(url).port
    assert host is not None
    assert port is not None
    return host, port


def _repeat(step: Callable[[], object]) -> Batch:
    def batch(count: int) -> None:
        for _ in range(count):
            step()

    return batch


@contextmanager
def _sync_layers(url: str, request: Request) -> Iterator[dict[str, Batch]]:
    message, pool = NativeTransport()._settings.serialize(request), SyncPool(100, 15.0)

    def use_pool() -> None:
        slot = pool.acquire(request.origin, _FOREVER, may_reuse=True)
        slot.is_reusable = True
        pool.release(slot)

    first = pool.acquire(request.origin, _FOREVER, may_reuse=True)
    pool.opened(first, cast(Any, _Idle()))
    first.is_reusable = True
    pool.release(first)
    with (
        UsersManager(url, transport=_Canned()) as canned,
        UsersManager(url, transport="native") as users,
        closing(NativeTransport()) as transport,
        socket.create_connection(_address(url)) as sock,
    ):
        readable = poll()
        readable.register(sock, POLLIN)

        def exchange() -> None:
            sock.send(message)
            readable.poll(1000)
            sock.recv(65536)

        yield {
            "sync canned": _repeat(lambda: canned.get_info(TOKEN)),
            "sync pool": _repeat(use_pool),
            "sync wire": _repeat(exchange),
            "sync send": _repeat(lambda: transport.send(request)),
            "sync call": _repeat(lambda: users.get_info(TOKEN)),
        }


@contextmanager
def _async_layers(url: str, request: Request) -> Iterator[dict[str, Batch]]:
    message, pool = NativeTransport()._settings.serialize(request), AsyncPool(_IN_FLIGHT, 15.0)

    async def use_pool() -> None:
        slot = await pool.acquire(request.origin, _FOREVER, may_reuse=True)
        if slot.connection is None:
            pool.opened(slot, cast(Any, _Idle()))
        slot.is_reusable = True
        pool.release(slot)

    with asyncio.Runner() as runner:

        def together(step: Callable[[], Awaitable[object]]) -> Batch:
            async def share(calls: int) -> None:
                for _ in range(calls):
                    await step()

            async def shares(count: int) -> None:
                await asyncio.gather(*[share(count // _IN_FLIGHT) for _ in range(_IN_FLIGHT)])

            return lambda count: runner.run(shares(count))

        canned, users = (
            AsyncUsersManager(url, transport=_Canned()),
            AsyncUsersManager(url, transport="native"),
        )
        transport, wires = NativeTransport(), _Wires(url, message)
        try:
            yield {
                "async canned": together(lambda: canned.get_info(TOKEN)),
                "async pool": together(use_pool),
                "async wire": together(wires.exchange),
                "async send": together(lambda: transport.asend(request)),
                "async call": together(lambda: users.get_info(TOKEN)),
            }
        finally:
            wires.close()
            for closable in (canned, users, transport):
                runner.run(closable.aclose())


class _Wire(asyncio.Protocol):
    """Sends the message, and reports when something arrives: the least that asyncio can do."""

    def __init__(self) -> None:
        self.received: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.received is not None:
            self.received.set_result(None)


class _Wires:
    """Connections for bare exchanges of bytes."""

    def __init__(self, url: str, message: bytes) -> None:
        self._address = _address(url)
        self._message = message
        self._idle: list[_Wire] = []

    async def exchange(self) -> None:
        loop = asyncio.get_running_loop()
        if self._idle:
            wire = self._idle.pop()
        else:
            _, wire = await loop.create_connection(_Wire, *self._address)
        wire.received = loop.create_future()
        wire.transport.write(self._message)
        await wire.received
        self._idle.append(wire)

    def close(self) -> None:
        for wire in self._idle:
            wire.transport.abort()
