"""Report the status of every installed plugin and transport."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..errors import PluginError
from .entry_points import InstalledEntryPoint, Kind, by_name, resolve
from .loader import Loader
from .missing_extra import missing_extra
from .modes import ASYNC, SYNC
from .order import EffectiveOrder, effective_order
from .registry import Registry
from .selection import how_to_name, how_to_use
from .transport import try_hooks

__all__ = ["PluginReport", "installed_plugins", "reported_order", "transport_modes"]

Status: TypeAlias = Literal["active", "off", "disabled", "missing dependency", "failed"]
_State: TypeAlias = tuple[Status, str, tuple[str, ...]]
_KINDS: tuple[Kind, ...] = ("transport", "plugin")


@dataclass(frozen=True, slots=True)
class PluginReport:
    """The state of one installed plugin or transport.

    Attributes:
        name: the name of its entry point.
        kind: "plugin" or "transport".
        modes: "sync", "async" or both; empty if it was not loaded.
        distribution: the distribution that provides it.
        version: the version of that distribution, or "" if unknown.
        requires: the version of this library that the distribution requires, such as
            "usersmanager>=1.2"; "" if not specified.
        hooks: the hooks that it implements; empty if it was not loaded.
        around_call: its position around a call in a manager without arguments, from 1 for the
            outermost; None if it does not act there.
        around_attempt: the same around each attempt.
        status: "active"; "off" (optional, or not in USERSMANAGER_PLUGINS); "disabled" (by
            USERSMANAGER_DISABLE); "missing dependency" (a module that it imports is not installed,
            such as that of an extra); or "failed" (anything else went wrong, or another
            distribution provides the same name).
        reason: why it is not active and what to do, or "".
    """

    name: str
    kind: Kind
    modes: tuple[str, ...]
    distribution: str
    version: str
    requires: str
    hooks: tuple[str, ...]
    around_call: int | None
    around_attempt: int | None
    status: Status
    reason: str


def installed_plugins() -> list[PluginReport]:
    """Return a report on every installed plugin and transport, transports first.

    The plugins of a manager without arguments are loaded. Optional ones are imported, to find out
    whether they can be used. Transports are loaded, and their hooks are called.

    Example::

        for report in installed_plugins():
            print(report.name, report.status, report.reason)
    """
    loader, registry = Loader(), Registry()
    states = {
        candidate: _state(candidate, candidates, loader, registry)
        for kind in _KINDS
        for candidates in by_name(kind).values()
        for candidate in candidates
    }
    order = effective_order(registry)
    return [_report(entry_point, state, order) for entry_point, state in states.items()]


def transport_modes(name: str) -> tuple[str, ...]:
    """Return the modes of an installed transport; empty if it cannot be used."""
    loader = Loader()
    if loader.is_disabled(name):
        return ()
    try:
        hooks = loader.add(Registry(transports=True), loader.find("transport", name))
    except PluginError:
        return ()
    return _modes("transport", hooks)


def _report(entry_point: InstalledEntryPoint, state: _State, order: EffectiveOrder) -> PluginReport:
    status, reason, hooks = state
    return PluginReport(
        name=entry_point.name,
        kind=entry_point.kind,
        modes=_modes(entry_point.kind, hooks),
        distribution=entry_point.distribution,
        version=entry_point.version,
        requires=entry_point.requires,
        hooks=hooks,
        around_call=_place(entry_point, status, order.call),
        around_attempt=_place(entry_point, status, order.attempt),
        status=status,
        reason=reason,
    )


def _state(
    entry_point: InstalledEntryPoint,
    candidates: Sequence[InstalledEntryPoint],
    loader: Loader,
    registry: Registry,
) -> _State:
    """Return the status, reason and hooks; add an active plugin to the registry."""
    if loader.is_disabled(entry_point.name):
        return "disabled", "disabled by USERSMANAGER_DISABLE", ()
    try:
        preferred = resolve(candidates)
        if preferred is not entry_point:
            return "failed", f"the {preferred} is used instead: its name is reserved", ()
        if entry_point.is_optional:
            return "off", how_to_use(entry_point), ()
        if entry_point.kind == "transport":
            return "active", "", _try_transport(entry_point, loader)
        if not loader.is_allowed(entry_point.name):
            return "off", f"not in USERSMANAGER_PLUGINS; {how_to_name(entry_point)}", ()
        return "active", "", loader.add(registry, entry_point)
    except PluginError as error:
        is_missing = isinstance(error.__cause__, ModuleNotFoundError)
        reason = missing_extra(error) or str(error)
        return "missing dependency" if is_missing else "failed", reason, ()


def _try_transport(entry_point: InstalledEntryPoint, loader: Loader) -> tuple[str, ...]:
    registry = Registry(transports=True)
    hooks = loader.add(registry, entry_point)
    try_hooks(registry, entry_point)
    return hooks


def _modes(kind: Kind, hooks: tuple[str, ...]) -> tuple[str, ...]:
    if kind == "plugin":
        return (SYNC.name, ASYNC.name) if hooks else ()
    return tuple(mode.name for mode in (SYNC, ASYNC) if mode.hook in hooks)


def _place(entry_point: InstalledEntryPoint, status: Status, order: Sequence[str]) -> int | None:
    if entry_point.kind != "plugin" or status != "active" or entry_point.name not in order:
        return None
    return order.index(entry_point.name) + 1


def reported_order(reports: Collection[PluginReport]) -> EffectiveOrder:
    """Return the order in which the plugins of a manager without arguments act."""
    call = {report.around_call: report.name for report in reports}
    attempt = {report.around_attempt: report.name for report in reports}
    return EffectiveOrder(call=_in_order(call), attempt=_in_order(attempt))


def _in_order(names: Mapping[int | None, str]) -> tuple[str, ...]:
    return tuple(names[place] for place in sorted(place for place in names if place is not None))
