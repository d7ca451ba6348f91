"""Compose a manager: its transport, and the hooks of its plugins around the transport."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Generic, TypeVar, cast

from .._flow.chain import Hook, chain
from .._flow.effects import Proceed
from .._flow.transport import is_strict
from ..errors import PluginError
from .entry_points import by_name, entry_point_of
from .loader import Loader
from .modes import TRANSPORT_HOOKS, Mode
from .order import EffectiveOrder, closing_hooks, effective_order, outermost_first
from .registry import Registry
from .transport import describe_transport, find_transport

__all__ = ["Composition", "compose"]

TransportT = TypeVar("TransportT")


@dataclass(frozen=True, slots=True)
class Composition(Generic[TransportT]):
    """The parts of a manager.

    Attributes:
        transport: the transport, which the manager closes.
        transport_name: its installed name, or its class if it was passed as an object.
        plugins: the names of the plugins: those of the list, then the discovered ones.
        order: the names of the plugins, in the order in which they act.
        handler: the hooks of all plugins, chained around the transport.
        done_hooks: the hooks that observe the end of a call, in the order of their calls.
        closing_hooks: the hooks that close the plugins, in the order of their calls.
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
    plugins: Iterable[object],
    discover: bool | Collection[str],
) -> Composition[TransportT]:
    """Find, check and order the parts of a manager.

    Args:
        mode: SYNC or ASYNC.
        transport: an installed name, an object, or None for the default of the mode.
        plugins: instances or installed names, the outermost first.
        discover: True for every installed plugin, False for none, or their names.

    Raises:
        PluginError: a part is missing, broken, ambiguous or of the other mode.
    """
    registry = Registry()
    try:
        _add_plugins(registry, plugins, discover, loader := Loader())
        transport_object = cast(TransportT, find_transport(transport, mode, loader))
    except BaseException:
        _close_plugins(registry)
        raise
    return Composition(
        transport=transport_object,
        transport_name=describe_transport(transport, mode),
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
        close_connections=close_connections,
    )


def _innermost_first(registry: Registry, hook: str) -> tuple[Hook[Any], ...]:
    return outermost_first(registry, hook)[::-1]


def _close_plugins(registry: Registry) -> None:
    """Close the plugins of a manager that could not be constructed, whose error is raised."""
    for hook in closing_hooks(registry, "usersmanager_close"):
        with suppress(Exception):
            hook.function()


def _add_plugins(
    registry: Registry, plugins: Iterable[object], discover: bool | Collection[str], loader: Loader
) -> None:
    explicit_names = _add_explicit(registry, plugins, loader)
    _add_discovered(registry, discover, loader, skip=explicit_names)


def _add_explicit(registry: Registry, plugins: Iterable[object], loader: Loader) -> frozenset[str]:
    """Add the plugins of the list; return their names, disabled ones included."""
    if isinstance(plugins, str) or not isinstance(plugins, Iterable):
        raise PluginError("plugins must be a list of instances and installed names")
    names = set()
    for plugin in plugins:
        name = plugin if isinstance(plugin, str) else _name_of(plugin)
        names.add(name)
        if name not in loader.disabled:
            instance = loader.load("plugin", name) if isinstance(plugin, str) else plugin
            _add(registry, name, instance)
    return frozenset(names)


def _add_discovered(
    registry: Registry, discover: bool | Collection[str], loader: Loader, *, skip: frozenset[str]
) -> None:
    if isinstance(discover, str) or not isinstance(discover, bool | Collection):
        raise PluginError("discover must be True, False or a collection of installed names")
    if discover is False:
        return
    for name in by_name("plugin") if discover is True else sorted(set(discover)):
        if name in skip or name in loader.disabled:
            continue
        try:
            plugin = loader.load("plugin", name)
        except PluginError as error:
            if discover is not True:
                raise
            loader.warn(f"{error}; skipping it")
            continue
        _add(registry, name, plugin)


def _add(registry: Registry, name: str, plugin: object) -> None:
    hooks = registry.add(name, plugin)
    if TRANSPORT_HOOKS & set(hooks):
        raise PluginError(
            f"{name!r} implements a transport hook: pass it as transport=, or register it in the"
            " entry point group usersmanager.transports"
        )


def _name_of(plugin: object) -> str:
    """Return the `name` of a plugin, or that of its entry point, module or class."""
    own_name = getattr(plugin, "name", None)
    if isinstance(own_name, str) and own_name:
        return own_name
    entry_point = entry_point_of(plugin)
    if entry_point is not None:
        return entry_point.name
    return plugin.__name__ if isinstance(plugin, ModuleType) else type(plugin).__name__
