"""What is installed: the entry points of transports and plugins. Nothing is imported here."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Literal

from .errors import PluginError

__all__ = ["Installed", "Kind", "entry_point_of", "forget_installed", "installed", "only", "select"]

Kind = Literal["plugin", "transport"]
_GROUPS: dict[str, Kind] = {
    "usersmanager.plugins": "plugin",
    "usersmanager.transports": "transport",
}


@dataclass(frozen=True, slots=True)
class Installed:
    """One entry point: a plugin or transport by name, and the distribution it comes from."""

    name: str
    kind: Kind
    distribution: str
    version: str
    entry_point: EntryPoint

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r} of {self.distribution} {self.version}"


def installed() -> tuple[Installed, ...]:
    """Every installed plugin and transport, by kind and name. Scanned once a process."""
    return _scan(tuple(sys.path))


def forget_installed() -> None:
    """Forgets the scan, for a process that installs a distribution while it runs."""
    _scan.cache_clear()


@lru_cache(maxsize=4)
def _scan(path: tuple[str, ...]) -> tuple[Installed, ...]:
    found = [
        Installed(
            name=entry_point.name,
            kind=kind,
            distribution=entry_point.dist.name if entry_point.dist else "unknown",
            version=entry_point.dist.version if entry_point.dist else "",
            entry_point=entry_point,
        )
        for group, kind in _GROUPS.items()
        for entry_point in entry_points(group=group)
    ]
    return tuple(sorted(found, key=lambda one: (one.kind, one.name, one.distribution)))


def select(kind: Kind) -> dict[str, list[Installed]]:
    """Those of one kind by name, in order of name. More than one of a name is a conflict."""
    by_name: dict[str, list[Installed]] = {}
    for one in installed():
        if one.kind == kind:
            by_name.setdefault(one.name, []).append(one)
    return by_name


def only(found: list[Installed]) -> Installed:
    """The one of its name.

    Raises:
        PluginError: two distributions claim the name.
    """
    if len(found) == 1:
        return found[0]
    owners = " and ".join(f"{one.distribution} {one.version}" for one in found)
    raise PluginError(
        f"two distributions bring a {found[0].kind} named {found[0].name!r}: {owners};"
        f" uninstall one, or set USERSMANAGER_DISABLE={found[0].name}"
    )


def entry_point_of(plugin: object) -> Installed | None:
    """The entry point that names this object, its class or this module; imports nothing."""
    for one in installed():
        module = sys.modules.get(one.entry_point.module)
        attribute = one.entry_point.attr
        target = getattr(module, attribute, None) if attribute else module
        if target is not None and (target is plugin or target is type(plugin)):
            return one
    return None
