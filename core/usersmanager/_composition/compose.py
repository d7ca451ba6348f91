"""Composition: which plugins and which transport a manager gets. The one place that decides.

Order: the `plugins` list first, its first outermost; then the discovered ones by name.
A discovered one that asks for `tryfirst` comes before all of them, one that asks for
`trylast` after: so a log of calls sees the whole call, whatever is in the list. In the
list itself only the user's order counts. Never the order of installation.
"""

from __future__ import annotations

import inspect
import os
import sys
import warnings
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from types import FrameType, ModuleType
from typing import Generic, TypeAlias, TypeVar, cast

from .._flow.chain import chain
from .._flow.effects import Proceed
from .._values.suggestions import did_you_mean
from ..errors import PluginError, PluginWarning
from .entry_points import InstalledEntryPoint, Kind, by_name, entry_point_of, providers, resolve
from .modes import TRANSPORT_HOOKS, Mode, other_mode
from .order import Registry, load

__all__ = ["Composition", "compose", "disabled_names"]

T = TypeVar("T")
Warn: TypeAlias = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Composition(Generic[T]):
    """What a manager is made of.

    Attributes:
        transport: of the manager's mode; the manager closes it.
        transport_name: an installed name, or the class of an object that was given.
        plugins: the names: those of the list, then the discovered ones.
        handler: the chain of all of them around the transport.
    """

    transport: T
    transport_name: str
    plugins: tuple[str, ...]
    handler: Proceed


def disabled_names() -> frozenset[str]:
    """The names in the environment variable USERSMANAGER_DISABLE, separated by commas."""
    value = os.environ.get("USERSMANAGER_DISABLE", "")
    return frozenset(name.strip() for name in value.split(",") if name.strip())


def compose(
    mode: Mode,
    transport: str | T | None,
    plugins: Iterable[object],
    discover: bool | Collection[str],
) -> Composition[T]:
    """Finds, checks and orders everything a manager is made of.

    Args:
        mode: BLOCKING or ASYNCIO.
        transport: an installed name, an object, or None for the mode's default.
        plugins: instances or installed names, outermost first.
        discover: True for every installed plugin, False for none, or their names.

    Raises:
        PluginError: something asked for is missing, broken, ambiguous or of the wrong mode.
    """
    blocked = disabled_names()
    warn = _warn_once()
    registry = Registry()
    taken = _add_explicit(registry, plugins, blocked, warn)
    _add_discovered(registry, discover, blocked | taken, warn)
    name = transport_name(transport, mode)
    chosen = _make_transport(name, mode, blocked, warn) if _is_name(transport) else transport
    _check_transport(name, chosen, mode)
    handler = chain(
        registry.wraps("usersmanager_wrap_call"), registry.wraps("usersmanager_wrap_attempt")
    )
    return Composition(cast(T, chosen), name, registry.names, handler)


def _warn_once() -> Warn:
    """Make a function that warns, but not twice of the same: a name may be looked up again."""
    warned: set[str] = set()

    def warn(message: str) -> None:
        if message not in warned:
            warned.add(message)
            warnings.warn(message, PluginWarning, stacklevel=_caller_level())

    return warn


def _caller_level() -> int:
    """Return the stack level of the code that constructs the manager, for warnings."""
    # Level 1 is the function that warns.
    level = 0
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_ours(frame):
        frame = frame.f_back
        level += 1
    return level + 1


def _is_ours(frame: FrameType) -> bool:
    package = frame.f_globals.get("__package__") or ""
    return str(package).partition(".")[0] == __package__.partition(".")[0]


def _add_explicit(
    registry: Registry, plugins: Iterable[object], blocked: frozenset[str], warn: Warn
) -> frozenset[str]:
    """Adds the user's own plugins and gives their names, blocked ones included."""
    if isinstance(plugins, str) or not isinstance(plugins, Iterable):
        raise PluginError("plugins must be a list of instances and installed names")
    names = set()
    for plugin in plugins:
        name = plugin if isinstance(plugin, str) else _name_of(plugin)
        names.add(name)
        if name in blocked:
            continue
        if isinstance(plugin, str):
            plugin = load(_installed("plugin", name, warn))
        _add(registry, name, plugin, explicit=True)
    return frozenset(names)


def _add_discovered(
    registry: Registry, discover: bool | Collection[str], skipped: frozenset[str], warn: Warn
) -> None:
    if isinstance(discover, str) or not isinstance(discover, bool | Collection):
        raise PluginError("discover must be True, False or a collection of installed names")
    if discover is False:
        return
    available = by_name("plugin")
    names = available if discover is True else sorted(set(discover))
    for name in names:
        if name in skipped:
            continue
        try:
            plugin = load(_installed("plugin", name, warn))
        except PluginError as error:
            if discover is not True:
                raise
            warn(f"{error}; going on without it")
            continue
        _add(registry, name, plugin, explicit=False)


def _add(registry: Registry, name: str, plugin: object, *, explicit: bool) -> None:
    hooks = registry.add(name, plugin, explicit=explicit)
    if TRANSPORT_HOOKS & set(hooks):
        raise PluginError(
            f"{name!r} brings a transport: pass it as transport=, or name it in the"
            " entry point group usersmanager.transports"
        )


def _installed(kind: Kind, name: str, warn: Warn) -> InstalledEntryPoint:
    available = by_name(kind)
    if name in available:
        found = available[name]
        chosen = resolve(found)
        if len(found) > 1:
            warn(f"{providers(found)}: that of {chosen.distribution} is used")
        return chosen
    raise PluginError(f"no {kind} of that name is installed{did_you_mean(name, available)}")


def _name_of(plugin: object) -> str:
    """A plugin's own `name`, or that of its entry point, or that of its class or module."""
    own = getattr(plugin, "name", None)
    if isinstance(own, str) and own:
        return own
    found = entry_point_of(plugin)
    if found is not None:
        return found.name
    return plugin.__name__ if isinstance(plugin, ModuleType) else type(plugin).__name__


def _is_name(transport: object) -> bool:
    return transport is None or isinstance(transport, str)


def transport_name(transport: object, mode: Mode) -> str:
    """How messages call a transport: by its installed name or the class of an object."""
    if transport is None:
        return mode.default_transport
    return transport if isinstance(transport, str) else type(transport).__name__


def _make_transport(name: str, mode: Mode, blocked: frozenset[str], warn: Warn) -> object:
    if name in blocked:
        raise PluginError(f"the transport {name!r} is blocked by USERSMANAGER_DISABLE")
    registry = Registry()
    hooks = registry.add(name, load(_installed("transport", name, warn)), explicit=True)
    if mode.hook not in hooks:
        raise _wrong_mode(name, mode)
    return registry.first(mode.hook)


def _check_transport(name: str, transport: object, mode: Mode) -> None:
    if inspect.isclass(transport):
        raise PluginError(f"transport {name!r} is a class: pass an instance")
    if inspect.iscoroutinefunction(getattr(transport, "send", None)):
        raise PluginError(f"transport {name!r}: name its coroutine function asend, not send")
    if _has(transport, mode):
        return
    if _has(transport, other_mode(mode)):
        raise _wrong_mode(name, mode)
    raise PluginError(
        f"transport {name!r} needs the methods {mode.send}(request) and {mode.close}()"
    )


def _has(transport: object, mode: Mode) -> bool:
    return all(callable(getattr(transport, name, None)) for name in (mode.send, mode.close))


def _wrong_mode(name: str, mode: Mode) -> PluginError:
    return PluginError(
        f"{name!r} is not a transport for {mode.manager}, which is {mode.name}: use it with"
        f" {other_mode(mode).manager}, or leave transport out for {mode.default_transport!r}"
    )
