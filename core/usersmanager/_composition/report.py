"""The inventory: every installed plugin and transport, whether it works, and why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..errors import PluginError
from .compose import disabled_names
from .entry_points import InstalledEntryPoint, Kind, by_name, resolve
from .modes import ASYNC, SYNC
from .order import Registry, load

__all__ = ["PluginReport", "installed_plugins"]

Status: TypeAlias = Literal["active", "blocked", "shadowed", "incomplete", "failed"]


@dataclass(frozen=True, slots=True)
class PluginReport:
    """What is known of one installed plugin or transport.

    Attributes:
        name: the name of its entry point.
        kind: "plugin" or "transport".
        modes: "sync", "async" or both; empty if it was not loaded.
        distribution: the distribution that brings it.
        version: that distribution's version.
        hooks: the hooks it implements; empty if it was not loaded.
        status: "active", "blocked" (by USERSMANAGER_DISABLE), "shadowed" (by what the library
            itself ships under that name), "incomplete" (something it imports is not
            installed, such as an extra) or "failed".
        reason: why it is not active, or "".
    """

    name: str
    kind: Kind
    modes: tuple[str, ...]
    distribution: str
    version: str
    hooks: tuple[str, ...]
    status: Status
    reason: str


def installed_plugins() -> list[PluginReport]:
    """Reports on everything installed, transports first. Loads what is usable.

    Example:
        ```python
        for report in installed_plugins():
            print(report.name, report.status, report.reason)
        ```
    """
    blocked = disabled_names()
    kinds: tuple[Kind, ...] = ("transport", "plugin")
    return [
        _report(one, found, blocked)
        for kind in kinds
        for found in by_name(kind).values()
        for one in found
    ]


def _report(
    one: InstalledEntryPoint, of_its_name: list[InstalledEntryPoint], blocked: frozenset[str]
) -> PluginReport:
    hooks: tuple[str, ...] = ()
    status: Status = "active"
    reason = ""
    if one.name in blocked:
        status, reason = "blocked", "USERSMANAGER_DISABLE names it"
    else:
        try:
            chosen = resolve(of_its_name)
            if chosen is one:
                hooks = Registry().add(one.name, load(one), explicit=False)
            else:
                status, reason = "shadowed", f"the {chosen} is used, not that of {one.distribution}"
        except PluginError as error:
            lacks = isinstance(error.__cause__, ModuleNotFoundError)
            status, reason = "incomplete" if lacks else "failed", str(error)
    return PluginReport(
        name=one.name,
        kind=one.kind,
        modes=_modes(one.kind, hooks),
        distribution=one.distribution,
        version=one.version,
        hooks=hooks,
        status=status,
        reason=reason,
    )


def _modes(kind: Kind, hooks: tuple[str, ...]) -> tuple[str, ...]:
    if kind == "plugin":
        return (SYNC.name, ASYNC.name) if hooks else ()
    return tuple(mode.name for mode in (SYNC, ASYNC) if mode.hook in hooks)
