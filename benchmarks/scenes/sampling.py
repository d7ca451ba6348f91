"""Contestants measured over the loopback, plain or over TLS: the samples, not yet a table."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from contextlib import ExitStack
from typing import Any, NamedTuple, Self, TypeVar

from ..peers import OURS, OURS_ALONE, OURS_FAST, AsyncPeer, Peer, Target, asynchronous, blocking
from ..rounds import Batch, Samples, in_flight, in_threads, interleave, one_by_one
from . import Setting
from .opening import loop_factories, open_async, open_blocking

__all__ = ["Sampled", "sample_in_flight", "sample_sequential", "sample_threads"]

_AnyPeer = TypeVar("_AnyPeer", Peer, AsyncPeer)


class Sampled(NamedTuple):
    """What was measured.

    Attributes:
        samples: by contestant.
        notes: who was left out.
    """

    samples: dict[str, Samples]
    notes: list[str]

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """What JSON has left of it."""
        samples, notes = value
        return cls({name: Samples(*one) for name, one in samples.items()}, notes)


def sample_sequential(
    setting: Setting, target: Target, only: Collection[str] | None = None
) -> Sampled:
    """Blocking calls, one after the other; of some contestants only, if they are named."""
    with ExitStack() as stack:
        calls, notes = open_blocking(stack, _chosen(blocking.PEERS, only), target)
        samples = interleave(
            {name: one_by_one(call) for name, call in calls.items()},
            rounds=setting.rounds(15),
            seconds=setting.seconds(0.1),
            server=setting.server,
        )
    return Sampled(samples, notes)


def sample_threads(
    number: int, setting: Setting, target: Target, only: Collection[str] | None = None
) -> Sampled:
    """Blocking calls in so many threads."""
    with ExitStack() as stack:
        calls, notes = open_blocking(stack, _chosen(blocking.PEERS, only), target)
        batched = stack.enter_context(in_threads(number))
        samples = interleave(
            {name: batched(call) for name, call in calls.items()},
            rounds=setting.rounds(11),
            seconds=setting.seconds(0.15),
            server=setting.server,
            at_least=number,
        )
    return Sampled(samples, notes)


# httpx looks at every call that waits whenever one ends; either takes seconds here.
_SLOW_IN_A_CROWD = {"httpx", "azure-core"}
_ON_UVLOOP = {
    *(asynchronous.LIMIT, asynchronous.LIMIT_SAFE, asynchronous.BASE),
    *(OURS, OURS_FAST, OURS_ALONE),
}


def sample_in_flight(
    number: int, setting: Setting, target: Target, only: Collection[str] | None = None
) -> Sampled:
    """Asyncio calls, so many of them at a time, in every event loop there is."""
    batches: dict[str, Batch] = {}
    notes: list[str] = []
    chosen = _chosen(asynchronous.PEERS, only)
    with ExitStack() as stack:
        for suffix, factory in loop_factories().items():
            runner = stack.enter_context(asyncio.Runner(loop_factory=factory))
            peers = [one for one in chosen if not suffix or one.name in _ON_UVLOOP]
            if setting.quick and number > target.connections:
                peers = [one for one in peers if one.name not in _SLOW_IN_A_CROWD]
            calls, missing = open_async(stack, runner, peers, target)
            notes += missing
            for name, call in calls.items():
                batches[name + suffix] = in_flight(runner, number, call)
        samples = interleave(
            batches,
            rounds=setting.rounds(7 if number > target.connections else 11),
            seconds=setting.seconds(0.1),
            server=setting.server,
            at_least=number,
        )
    if number > target.connections:
        notes.append(f"over {target.connections} connections")
        if setting.quick:
            notes.append("httpx and azure-core are left out of a quick run")
    return Sampled(samples, notes)


def _chosen(peers: Iterable[_AnyPeer], only: Collection[str] | None) -> list[_AnyPeer]:
    return [one for one in peers if only is None or one.name in only]
