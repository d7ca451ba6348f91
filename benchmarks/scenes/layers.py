"""Layer by layer: what the transport, the core and each plugin add to the bare library."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from json import loads

from usersmanager import AsyncUsersManager, Request, Response, UsersManager
from usersmanager.decoding import read_profile
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_urllib3 import Urllib3Transport

from ..canned import sockets
from ..peers import OURS, AsyncPeer, Target, asynchronous, blocking, ready_request
from ..profiles import TOKEN, profile, response
from ..rounds import AsyncCall, Batch, Call, in_flight, one_by_one
from ..tables import Table
from . import Scene, Setting
from .offline import NOWHERE, canned_runner, measured, table_of
from .opening import open_blocking, open_one

__all__ = ["SCENES"]

_ALONE = "its transport alone, a ready Request"
_DECODED = "transport + strict decoding"
_CORE = "transport + core, no plugins"
_DEFAULT = "all of it: the default"
_STACKS: dict[str, Sequence[str]] = {
    _CORE: (),
    "… + headers": ("headers",),
    "… + logging, not enabled": ("logging",),
    "… + retry": ("retry",),
    _DEFAULT: ("headers", "logging", "retry"),
}
_LOGGED = "the default, logging enabled"


@contextmanager
def _logging_enabled() -> Iterator[None]:
    logger = logging.getLogger("usersmanager")
    before, logger.propagate = logger.propagate, False
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.setLevel(logging.NOTSET)
        logger.propagate = before


def _with_logging(batch: Batch) -> Batch:
    def logged(count: int) -> None:
        with _logging_enabled():
            batch(count)

    return logged


def _open_blocking(stack: ExitStack) -> tuple[dict[str, Batch], list[str]]:
    stack.enter_context(sockets(response(1000)))
    peers = [one for one in blocking.PEERS if one.name in (blocking.BASE, blocking.NAIVE)]
    calls, notes = open_blocking(stack, peers, NOWHERE)
    transport = Urllib3Transport()
    stack.callback(transport.close)
    request = ready_request(NOWHERE)
    calls[_ALONE] = lambda: transport.send(request)
    calls[_DECODED] = lambda: read_profile(transport.send(request))
    for name, plugins in _STACKS.items():
        calls[name] = _manager_call(stack, NOWHERE.base_url, plugins)
    batches = {name: one_by_one(call) for name, call in calls.items()}
    batches[_LOGGED] = _with_logging(batches[_DEFAULT])
    return batches, notes


def _manager_call(stack: ExitStack, base_url: str, plugins: Sequence[str]) -> Call:
    users = stack.enter_context(UsersManager(base_url, discover=plugins))
    return lambda: users.get_info(TOKEN)


def _transport_peer(name: str, *, decoded: bool) -> AsyncPeer:
    @asynccontextmanager
    async def opened(target: Target) -> AsyncIterator[AsyncCall]:
        transport = AiohttpTransport()
        request = ready_request(target)

        async def call() -> object:
            answer = await transport.asend(request)
            return read_profile(answer) if decoded else answer

        yield call
        await transport.aclose()

    return AsyncPeer(name, opened)


def _stack_peer(name: str, plugins: Sequence[str]) -> AsyncPeer:
    @asynccontextmanager
    async def opened(target: Target) -> AsyncIterator[AsyncCall]:
        async with AsyncUsersManager(target.base_url, discover=plugins) as users:
            yield lambda: users.get_info(TOKEN)

    return AsyncPeer(name, opened)


def _open_asyncio(stack: ExitStack) -> tuple[dict[str, Batch], list[str]]:
    runner = stack.enter_context(canned_runner())
    bare = (asynchronous.BASE, asynchronous.NAIVE)
    peers = [
        *(one for one in asynchronous.PEERS if one.name in bare),
        _transport_peer(_ALONE, decoded=False),
        _transport_peer(_DECODED, decoded=True),
        *(_stack_peer(name, plugins) for name, plugins in _STACKS.items()),
    ]
    calls = {peer.name: stack.enter_context(open_one(runner, peer, NOWHERE)) for peer in peers}
    batches = {name: in_flight(runner, 1, call) for name, call in calls.items()}
    batches[_LOGGED] = _with_logging(batches[_DEFAULT])
    return batches, []


class _Nothing:
    """A transport that has the answer ready."""

    def __init__(self) -> None:
        self._answer = Response(200, {"Content-Type": "application/json"}, profile(1000))

    def send(self, request: Request) -> Response:
        return self._answer

    def close(self) -> None: ...

    async def asend(self, request: Request) -> Response:
        return self._answer

    async def aclose(self) -> None: ...


_JSON = "json.loads of the same body"


def _open_core(stack: ExitStack) -> tuple[dict[str, Batch], list[str]]:
    answer = _Nothing().send(ready_request(NOWHERE))
    runner = stack.enter_context(asyncio.Runner())
    batches: dict[str, Batch] = {
        _JSON: one_by_one(lambda: loads(answer.body)),
        "strict decoding alone": one_by_one(lambda: read_profile(answer)),
    }
    for name, plugins in _STACKS.items():
        plain = name.replace("transport + ", "")
        users = stack.enter_context(
            UsersManager(NOWHERE.base_url, transport=_Nothing(), discover=plugins)
        )
        batches[f"{plain}, blocking"] = one_by_one(partial(users.get_info, TOKEN))
        call = stack.enter_context(open_one(runner, _idle_peer(plugins), NOWHERE))
        batches[f"{plain}, asyncio"] = in_flight(runner, 1, call)
    return batches, []


def _idle_peer(plugins: Sequence[str]) -> AsyncPeer:
    @asynccontextmanager
    async def opened(target: Target) -> AsyncIterator[AsyncCall]:
        async with AsyncUsersManager(
            target.base_url, transport=_Nothing(), discover=plugins
        ) as users:
            yield lambda: users.get_info(TOKEN)

    return AsyncPeer(OURS, opened)


def _blocking(setting: Setting) -> Table:
    return table_of("Layer by layer, blocking", blocking.BASE, measured(_open_blocking, setting))


def _asyncio(setting: Setting) -> Table:
    return table_of("Layer by layer, asyncio", asynchronous.BASE, measured(_open_asyncio, setting))


def _core(setting: Setting) -> Table:
    return table_of("The core alone", _JSON, measured(_open_core, setting, seconds=0.01))


SCENES = (
    Scene("layers-blocking", _blocking),
    Scene("layers-asyncio", _asyncio),
    Scene("layers-core", _core),
)
