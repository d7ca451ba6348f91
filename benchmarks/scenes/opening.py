"""Contestants made ready: opened, tried once, and closed at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from ..peers import AsyncPeer, Peer, Target
from ..profiles import SUBJECT
from ..rounds import AsyncCall, Call

__all__ = ["loop_factories", "open_async", "open_blocking", "open_one"]


def _require_profile(peer: str, profile: object) -> None:
    if not (isinstance(profile, Mapping) and profile["sub"] == SUBJECT):
        raise RuntimeError(f"{peer} gave no profile")


def open_blocking(
    stack: ExitStack, peers: Iterable[Peer], target: Target
) -> tuple[dict[str, Call], list[str]]:
    """The calls of those that are installed, and notes about those that are not."""
    calls: dict[str, Call] = {}
    notes: list[str] = []
    for peer in peers:
        try:
            call = stack.enter_context(peer.open(target))
        except ImportError as error:
            notes.append(f"{peer.name}: not installed ({error.name})")
            continue
        _require_profile(peer.name, call())
        calls[peer.name] = call
    return calls, notes


@contextmanager
def open_one(runner: asyncio.Runner, peer: AsyncPeer, target: Target) -> Iterator[AsyncCall]:
    """An asyncio contestant, from outside the event loop."""
    manager = peer.open(target)

    async def begin() -> AsyncCall:
        return await manager.__aenter__()

    async def end() -> None:
        await manager.__aexit__(None, None, None)

    call = runner.run(begin())
    try:
        yield call
    finally:
        runner.run(end())


def open_async(
    stack: ExitStack, runner: asyncio.Runner, peers: Iterable[AsyncPeer], target: Target
) -> tuple[dict[str, AsyncCall], list[str]]:
    """As `open_blocking`, in the event loop of a runner."""
    calls: dict[str, AsyncCall] = {}
    notes: list[str] = []

    async def once(call: AsyncCall) -> object:
        return await call()

    for peer in peers:
        try:
            call = stack.enter_context(open_one(runner, peer, target))
        except ImportError as error:
            notes.append(f"{peer.name}: not installed ({error.name})")
            continue
        _require_profile(peer.name, runner.run(once(call)))
        calls[peer.name] = call
    return calls, notes


def loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The event loops there are, by the suffix that names them."""
    factories: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"": asyncio.new_event_loop}
    try:
        import uvloop
    except ImportError:
        return factories
    return {**factories, ", uvloop": uvloop.new_event_loop}
