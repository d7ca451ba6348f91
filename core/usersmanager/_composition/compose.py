"""Compose a manager: its transport, and the hooks of its plugins around the transport."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from .._flow.chain import Hook, chain
from .._flow.effects import Proceed
from .._flow.transport import is_strict
from .announcement import announce
from .loader import Loader
from .modes import Mode
from .order import EffectiveOrder, closing_hooks, effective_order, outermost_first
from .registry import Registry
from .selection import add_plugins
from .transport import find_transport

__all__ = ["Composition", "compose"]

TransportT = TypeVar("TransportT")


@dataclass(frozen=True, slots=True)
class Composition(Generic[TransportT]):
    """The parts of a manager.

    Attributes:
        transport: the transport, which the manager closes.
        transport_name: its installed name, or the name of its class if it was passed as an object.
        plugins: the names of the plugins: the explicit ones, then the discovered ones.
        order: the names of the plugins, in the order in which they act.
        handler: the hooks of all plugins, chained around the transport.
        done_hooks: the hooks that observe the end of a call, in calling order.
        closing_hooks: the hooks that close the plugins, in calling order.
    """

    transport: TransportT
    transport_name: str
    plugins: tuple[str, ...]
    order: EffectiveOrder
    handler: Proceed
    done_hooks: tuple[Hook[Callable[..., Any]], ...]
    closing_hooks: tuple[Hook[Callable[..., Any]], ...]


def compose(
    mode: Mode,
    transport: str | TransportT | None,
    plugins: Collection[object],
    discover: bool | Collection[str],
) -> Composition[TransportT]:
    """Find, check and order the parts of a manager.

    Args:
        mode: SYNC or ASYNC.
        transport: an installed name, an object, or None for the default of the mode.
        plugins: instances or installed names, the outermost first.
        discover: True for every discovered plugin, False for none, or their names.

    Raises:
        PluginError: a part is missing, broken, ambiguous or for the other mode.
    """
    registry, loader = Registry(), Loader()
    try:
        add_plugins(registry, plugins, discover, loader)
        transport_name, transport_object = find_transport(transport, mode, loader)
        announce(loader.loaded)
    except BaseException:
        _close_plugins(registry)
        raise
    return Composition(
        transport=cast(TransportT, transport_object),
        transport_name=transport_name,
        plugins=registry.names,
        order=effective_order(registry),
        handler=_chain(registry, close_connections=not is_strict(transport_object)),
        done_hooks=_innermost_first(registry, "usersmanager_done"),
        closing_hooks=closing_hooks(registry, *mode.close_hooks),
    )


def _chain(registry: Registry, *, close_connections: bool) -> Proceed:
    return chain(
        call_wraps=outermost_first(registry, "usersmanager_wrap_call"),
        request_hooks=outermost_first(registry, "usersmanager_request"),
        attempt_wraps=outermost_first(registry, "usersmanager_wrap_attempt"),
        response_hooks=_innermost_first(registry, "usersmanager_response"),
        variant_hooks=outermost_first(registry, "usersmanager_variant"),
        close_connections=close_connections,
    )


def _innermost_first(registry: Registry, hook: str) -> tuple[Hook[Any], ...]:
    return outermost_first(registry, hook)[::-1]


def _close_plugins(registry: Registry) -> None:
    """Close the plugins after a failed construction. Its error is raised, not theirs."""
    for hook in closing_hooks(registry, "usersmanager_close"):
        with suppress(Exception):
            hook.function()
