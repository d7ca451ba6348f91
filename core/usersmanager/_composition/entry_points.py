"""What is installed: the entry points of transports and plugins. Nothing is imported here."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Literal

from ..errors import PluginError

__all__ = [
    "InstalledEntryPoint",
    "Kind",
    "by_name",
    "entry_point_of",
    "forget_installed",
    "installed",
    "providers",
    "resolve",
]

Kind = Literal["plugin", "transport"]
_GROUPS: dict[str, Kind] = {
    "usersmanager.plugins": "plugin",
    "usersmanager.transports": "transport",
}


@dataclass(frozen=True, slots=True)
class InstalledEntryPoint:
    """One entry point: a plugin or transport by name, and the distribution it comes from."""

    name: str
    kind: Kind
    distribution: str
    version: str
    entry_point: EntryPoint

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r} of {self.distribution} {self.version}"

    @property
    def is_shipped(self) -> bool:
        """Whether it comes with this library."""
        return _normalized(self.distribution) == "usersmanager"


def installed() -> tuple[InstalledEntryPoint, ...]:
    """Every installed plugin and transport, by kind and name. Scanned once a process."""
    return _scan(tuple(sys.path))


def forget_installed() -> None:
    """Forgets the scan, for a process that installs a distribution while it runs."""
    _scan.cache_clear()


@lru_cache(maxsize=4)
def _scan(path: tuple[str, ...]) -> tuple[InstalledEntryPoint, ...]:
    found = [
        InstalledEntryPoint(entry_point.name, kind, *_distribution_of(entry_point), entry_point)
        for group, kind in _GROUPS.items()
        for entry_point in entry_points(group=group)
    ]
    # A distribution may be seen twice: it lists a name twice, or an old dist-info is still there.
    unique: dict[tuple[Kind, str, str], InstalledEntryPoint] = {}
    for one in found:
        unique.setdefault((one.kind, one.name, _normalized(one.distribution)), one)
    return tuple(sorted(unique.values(), key=lambda one: (one.kind, one.name, one.distribution)))


def _distribution_of(entry_point: EntryPoint) -> tuple[str, str]:
    """Read the name and version of a distribution, whose METADATA may be missing."""
    if entry_point.dist is None:
        return "unknown", ""
    metadata = entry_point.dist.metadata
    return metadata.get_all("Name", ["unknown"])[0], metadata.get_all("Version", [""])[0]


def _normalized(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def by_name(kind: Kind) -> dict[str, list[InstalledEntryPoint]]:
    """Those of one kind by name, in order of name. Several of a name: see `resolve`."""
    groups: dict[str, list[InstalledEntryPoint]] = {}
    for one in installed():
        if one.kind == kind:
            groups.setdefault(one.name, []).append(one)
    return groups


def resolve(found: list[InstalledEntryPoint]) -> InstalledEntryPoint:
    """Choose the one to use among those of a name: the shipped one, or else the only one.

    Raises:
        PluginError: several distributions provide the name, and none of them is this library.
    """
    candidates = [one for one in found if one.is_shipped] or found
    if len(candidates) == 1:
        return candidates[0]
    raise PluginError(
        f"{providers(found)} (uninstall one, or set USERSMANAGER_DISABLE={found[0].name})"
    )


def providers(found: list[InstalledEntryPoint]) -> str:
    """Say which distributions provide the same name."""
    owners = " and ".join(f"{one.distribution} {one.version}" for one in found)
    return f"the {found[0].kind} name {found[0].name!r} is provided by {owners}"


def entry_point_of(plugin: object) -> InstalledEntryPoint | None:
    """The entry point that names this object, its class or this module; imports nothing."""
    for one in installed():
        if one.entry_point.pattern.match(one.entry_point.value) is None:
            continue  # Malformed: it would have no module to ask for.
        module = sys.modules.get(one.entry_point.module)
        attribute = one.entry_point.attr
        target = getattr(module, attribute, None) if attribute else module
        if target is not None and (target is plugin or target is type(plugin)):
            return one
    return None
