"""Report on every installed plugin and transport: whether it works, and why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..errors import PluginError
from .entry_points import InstalledEntryPoint, Kind, by_name, disabled_names, load, resolve
from .modes import ASYNC, SYNC
from .registry import Registry

__all__ = ["PluginReport", "installed_plugins"]

Status: TypeAlias = Literal["active", "disabled", "shadowed", "missing dependency", "failed"]
_State: TypeAlias = tuple[Status, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class PluginReport:
    """The state of one installed plugin or transport.

    Attributes:
        name: the name of its entry point.
        kind: "plugin" or "transport".
        modes: "sync", "async" or both; empty if it was not loaded.
        distribution: the distribution that provides it.
        version: the version of that distribution.
        hooks: the hooks that it implements; empty if it was not loaded.
        status: "active", "disabled" (by USERSMANAGER_DISABLE), "shadowed" (this library provides
            the same name itself), "missing dependency" (a module that it imports is not
            installed, such as that of an extra) or "failed".
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
    """Return a report on every installed plugin and transport, transports first.

    Those that could be used are loaded.

    Example:
        ```python
        for report in installed_plugins():
            print(report.name, report.status, report.reason)
        ```
    """
    disabled = disabled_names()
    kinds: tuple[Kind, ...] = ("transport", "plugin")
    return [
        _report(candidate, candidates, disabled)
        for kind in kinds
        for candidates in by_name(kind).values()
        for candidate in candidates
    ]


def _report(
    entry_point: InstalledEntryPoint,
    candidates: Sequence[InstalledEntryPoint],
    disabled: frozenset[str],
) -> PluginReport:
    status, reason, hooks = _state(entry_point, candidates, disabled)
    return PluginReport(
        name=entry_point.name,
        kind=entry_point.kind,
        modes=_modes(entry_point.kind, hooks),
        distribution=entry_point.distribution,
        version=entry_point.version,
        hooks=hooks,
        status=status,
        reason=reason,
    )


def _state(
    entry_point: InstalledEntryPoint,
    candidates: Sequence[InstalledEntryPoint],
    disabled: frozenset[str],
) -> _State:
    if entry_point.name in disabled:
        return "disabled", "disabled by USERSMANAGER_DISABLE", ()
    try:
        preferred = resolve(candidates)
        if preferred is not entry_point:
            return "shadowed", f"the {preferred} is used instead", ()
        hooks = Registry().add(entry_point.name, load(entry_point))
    except PluginError as error:
        is_missing = isinstance(error.__cause__, ModuleNotFoundError)
        return "missing dependency" if is_missing else "failed", str(error), ()
    return "active", "", hooks


def _modes(kind: Kind, hooks: tuple[str, ...]) -> tuple[str, ...]:
    if kind == "plugin":
        return (SYNC.name, ASYNC.name) if hooks else ()
    return tuple(mode.name for mode in (SYNC, ASYNC) if mode.hook in hooks)
