"""Compose a manager: its transport, and its plugins in order around the transport.

The `plugins` list comes first, its first item outermost, then the discovered plugins by name. A
discovered plugin with `tryfirst` is outside all others, so that a log shows the whole call; one
with `trylast` is inside all others. The order of installation never counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Generic, TypeVar, cast

from .._flow.chain import chain
from .._flow.effects import Proceed
from ..errors import PluginError
from .entry_points import by_name, entry_point_of
from .loader import Loader
from .modes import TRANSPORT_HOOKS, Mode
from .order import Registry
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
        handler: the middleware of all plugins, chained around the transport.
    """

    transport: TransportT
    transport_name: str
    plugins: tuple[str, ...]
    handler: Proceed


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
    loader = Loader()
    registry = Registry()
    explicit_names = _add_explicit(registry, plugins, loader)
    _add_discovered(registry, discover, loader, skip=explicit_names)
    transport_object = cast(TransportT, find_transport(transport, mode, loader))
    handler = chain(
        registry.middleware("usersmanager_wrap_call"),
        registry.middleware("usersmanager_wrap_attempt"),
    )
    name = describe_transport(transport, mode)
    return Composition(transport_object, name, registry.names, handler)


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
            _add(registry, name, instance, explicit=True)
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
        _add(registry, name, plugin, explicit=False)


def _add(registry: Registry, name: str, plugin: object, *, explicit: bool) -> None:
    hooks = registry.add(name, plugin, explicit=explicit)
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
