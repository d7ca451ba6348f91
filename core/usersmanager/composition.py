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

from .colours import TRANSPORT_HOOKS, Colour, other
from .discovery import Installed, Kind, entry_point_of, providers, resolve, select
from .errors import PluginError, PluginWarning
from .flow import Proceed, compose
from .registry import Registry, load
from .suggestions import described

__all__ = ["Composition", "blocked_names", "compose_client"]

T = TypeVar("T")
Warn: TypeAlias = Callable[[str], None]


# Distributions that are known to bring what is not in this one.
_BROUGHT_BY = {
    "httpx2": "usersmanager-httpx2",
    "opentelemetry": "usersmanager-opentelemetry",
}


@dataclass(frozen=True, slots=True)
class Composition(Generic[T]):
    """What a manager is made of.

    Attributes:
        transport: of the manager's colour; the manager closes it.
        transport_name: an installed name, or the class of an object that was given.
        plugins: the names: those of the list, then the discovered ones.
        proceed: the chain of all of them, ready to call.
    """

    transport: T
    transport_name: str
    plugins: tuple[str, ...]
    proceed: Proceed


def blocked_names() -> frozenset[str]:
    """The names in the environment variable USERSMANAGER_DISABLE, separated by commas."""
    value = os.environ.get("USERSMANAGER_DISABLE", "")
    return frozenset(name.strip() for name in value.split(",") if name.strip())


def compose_client(
    colour: Colour,
    transport: str | T | None,
    plugins: Iterable[object],
    discover: bool | Collection[str],
) -> Composition[T]:
    """Finds, checks and orders everything a manager is made of.

    Args:
        colour: BLOCKING or ASYNCIO.
        transport: an installed name, an object, or None for the colour's default.
        plugins: instances or installed names, outermost first.
        discover: True for every installed plugin, False for none, or their names.

    Raises:
        PluginError: something asked for is missing, broken, ambiguous or of the wrong colour.
    """
    blocked = blocked_names()
    warn = _warn_once()
    registry = Registry()
    taken = _add_explicit(registry, plugins, blocked, warn)
    _add_discovered(registry, discover, blocked | taken, warn)
    name = transport_name(transport, colour)
    chosen = _make_transport(name, colour, blocked, warn) if _is_name(transport) else transport
    _check_transport(name, chosen, colour)
    proceed = compose(
        registry.wraps("usersmanager_wrap_call"), registry.wraps("usersmanager_wrap_attempt")
    )
    return Composition(cast(T, chosen), name, registry.names, proceed)


def _warn_once() -> Warn:
    """Make a function that warns, but not twice of the same: a name may be looked up again."""
    warned: set[str] = set()

    def warn(message: str) -> None:
        if message not in warned:
            warned.add(message)
            warnings.warn(message, PluginWarning, stacklevel=_caller_level())

    return warn


def _caller_level() -> int:
    """Find the stack level of the code that makes the manager, which a warning is to point at."""
    # Level 1 is the function that warns.
    level = 0
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__package__") == __package__:
        frame = frame.f_back
        level += 1
    return level + 1


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
    available = select("plugin")
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


def _installed(kind: Kind, name: str, warn: Warn) -> Installed:
    available = select(kind)
    if name in available:
        found = available[name]
        chosen = resolve(found)
        if len(found) > 1:
            warn(f"{providers(found)}: that of {chosen.distribution} is used")
        return chosen
    brings = _BROUGHT_BY.get(name)
    advice = (
        f": {name!r} comes with `pip install {brings}`" if brings else described(name, available)
    )
    raise PluginError(f"no {kind} of that name is installed{advice}")


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


def transport_name(transport: object, colour: Colour) -> str:
    """How messages call a transport: by its installed name or the class of an object."""
    if transport is None:
        return colour.default
    return transport if isinstance(transport, str) else type(transport).__name__


def _make_transport(name: str, colour: Colour, blocked: frozenset[str], warn: Warn) -> object:
    if name in blocked:
        raise PluginError(f"the transport {name!r} is blocked by USERSMANAGER_DISABLE")
    registry = Registry()
    hooks = registry.add(name, load(_installed("transport", name, warn)), explicit=True)
    if colour.hook not in hooks:
        raise _wrong_colour(name, colour)
    return registry.first(colour.hook)


def _check_transport(name: str, transport: object, colour: Colour) -> None:
    if inspect.isclass(transport):
        raise PluginError(f"transport {name!r} is a class: pass an instance")
    if inspect.iscoroutinefunction(getattr(transport, "send", None)):
        raise PluginError(f"transport {name!r}: name its coroutine function asend, not send")
    if _has(transport, colour):
        return
    if _has(transport, other(colour)):
        raise _wrong_colour(name, colour)
    raise PluginError(
        f"transport {name!r} needs the methods {colour.send}(request) and {colour.close}()"
    )


def _has(transport: object, colour: Colour) -> bool:
    return all(callable(getattr(transport, name, None)) for name in (colour.send, colour.close))


def _wrong_colour(name: str, colour: Colour) -> PluginError:
    return PluginError(
        f"{name!r} is not a transport for {colour.manager}, which is {colour.name}: use it with"
        f" {other(colour).manager}, or leave transport out for {colour.default!r}"
    )
