"""What a plugin costs that does nothing: 0 to 50 of them, in both forms a plugin may have."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager

from usersmanager import AsyncUsersManager, Flow, Proceed, Request, UsersManager, Wrap, hookimpl

from ..canned import sockets
from ..figures import Spread, ratios
from ..peers import AsyncPeer, Target
from ..profiles import TOKEN, response
from ..rounds import AsyncCall, Batch, in_flight, one_by_one
from ..tables import Column, Row, Table
from . import Scene, Setting
from .offline import NOWHERE, Offline, canned_runner, measured
from .opening import open_one

__all__ = ["SCENES"]

_NUMBERS = (0, 1, 5, 10, 20, 50)


class _Function:
    """Passes a call through, as a plain function."""

    @hookimpl
    def usersmanager_wrap_call(self) -> Wrap:
        return lambda request, proceed: proceed(request)


class _Generator:
    """Passes a call through, as a generator."""

    @hookimpl
    def usersmanager_wrap_call(self) -> Wrap:
        return self._around

    def _around(self, request: Request, proceed: Proceed) -> Flow:
        return (yield from proceed(request))


_KINDS: dict[str, Callable[[], object]] = {"function": _Function, "generator": _Generator}


def _open_blocking(stack: ExitStack) -> tuple[dict[str, Batch], list[str]]:
    stack.enter_context(sockets(response(1000)))

    def opened(kind: Callable[[], object], number: int) -> Batch:
        plugins = [kind() for _ in range(number)]
        users = stack.enter_context(UsersManager(NOWHERE.base_url, plugins=plugins))
        return one_by_one(lambda: users.get_info(TOKEN))

    return _batches(opened), []


def _open_asyncio(stack: ExitStack) -> tuple[dict[str, Batch], list[str]]:
    runner = stack.enter_context(canned_runner())

    def opened(kind: Callable[[], object], number: int) -> Batch:
        plugins = [kind() for _ in range(number)]

        @asynccontextmanager
        async def users_with_plugins(target: Target) -> AsyncIterator[AsyncCall]:
            async with AsyncUsersManager(target.base_url, plugins=plugins) as users:
                yield lambda: users.get_info(TOKEN)

        peer = AsyncPeer(str(number), users_with_plugins)
        return in_flight(runner, 1, stack.enter_context(open_one(runner, peer, NOWHERE)))

    return _batches(opened), []


def _batches(opened: Callable[[Callable[[], object], int], Batch]) -> dict[str, Batch]:
    return {
        f"{kind} {number}": opened(make, number)
        for kind, make in _KINDS.items()
        for number in _NUMBERS
    }


def _figures(colour: str, offline: Offline) -> dict[str, dict[int, Spread]]:
    columns: dict[str, dict[int, Spread]] = {}
    for kind in _KINDS:
        by_ratio = ratios(offline.cpu, f"{kind} 0")
        columns[f"{colour} {kind}"] = {number: by_ratio[f"{kind} {number}"] for number in _NUMBERS}
    return columns


def _plugins(setting: Setting) -> Table:
    columns = {
        **_figures("blocking", measured(_open_blocking, setting, rounds=5)),
        **_figures("asyncio", measured(_open_asyncio, setting, rounds=5)),
    }
    return Table(
        "Pass-through plugins",
        tuple(Column(key, f"{key}, × none", "{:.2f}") for key in columns),
        tuple(
            Row(str(number), {key: figures[number] for key, figures in columns.items()})
            for number in _NUMBERS
        ),
        ("without I/O; beside the default plugins",),
        subject="Plugins",
    )


SCENES = (Scene("plugins", _plugins),)
