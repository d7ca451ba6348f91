"""Find the installed plugins and transports by their entry points, and load them."""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Literal

from ..errors import PluginError

__all__ = [
    "InstalledEntryPoint",
    "Kind",
    "by_name",
    "describe_conflict",
    "disabled_names",
    "entry_point_of",
    "installed",
    "load",
    "resolve",
]

Kind = Literal["plugin", "transport"]
_GROUPS: dict[str, Kind] = {
    "usersmanager.plugins": "plugin",
    "usersmanager.transports": "transport",
}


@dataclass(frozen=True, slots=True)
class InstalledEntryPoint:
    """The entry point of a plugin or transport, and the distribution that provides it."""

    name: str
    kind: Kind
    distribution: str
    version: str
    entry_point: EntryPoint

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r} of {self.distribution} {self.version}"

    @property
    def is_shipped(self) -> bool:
        """Whether this library provides it."""
        return _normalized(self.distribution) == "usersmanager"


def installed() -> tuple[InstalledEntryPoint, ...]:
    """Return every installed plugin and transport, sorted by kind and name."""
    return _scan(tuple(sys.path))


# Reading the metadata of every distribution is slow: once per process is enough.
@lru_cache(maxsize=4)
def _scan(path: tuple[str, ...]) -> tuple[InstalledEntryPoint, ...]:
    candidates = [
        InstalledEntryPoint(entry_point.name, kind, *_distribution_of(entry_point), entry_point)
        for group, kind in _GROUPS.items()
        for entry_point in entry_points(group=group)
    ]
    # A distribution may list a name twice, or have left an old dist-info folder behind.
    unique: dict[tuple[Kind, str, str], InstalledEntryPoint] = {}
    for candidate in candidates:
        key = (candidate.kind, candidate.name, _normalized(candidate.distribution))
        unique.setdefault(key, candidate)
    return tuple(sorted(unique.values(), key=_sort_key))


def _sort_key(entry_point: InstalledEntryPoint) -> tuple[str, str, str]:
    return entry_point.kind, entry_point.name, entry_point.distribution


def _distribution_of(entry_point: EntryPoint) -> tuple[str, str]:
    """Return the name and version of a distribution, whose METADATA may be missing."""
    if entry_point.dist is None:
        return "unknown", ""
    metadata = entry_point.dist.metadata
    return metadata.get_all("Name", ["unknown"])[0], metadata.get_all("Version", [""])[0]


def _normalized(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def by_name(kind: Kind) -> dict[str, list[InstalledEntryPoint]]:
    """Return the entry points of one kind, grouped by name and sorted by it."""
    groups: dict[str, list[InstalledEntryPoint]] = {}
    for entry_point in installed():
        if entry_point.kind == kind:
            groups.setdefault(entry_point.name, []).append(entry_point)
    return groups


def resolve(candidates: Sequence[InstalledEntryPoint]) -> InstalledEntryPoint:
    """Return the entry point to use for a name: the shipped one, otherwise the only one.

    Raises:
        PluginError: several distributions provide the name, and this library is not one of them.
    """
    eligible = [candidate for candidate in candidates if candidate.is_shipped] or candidates
    if len(eligible) == 1:
        return eligible[0]
    raise PluginError(
        f"{describe_conflict(candidates)}"
        f" (uninstall one, or set USERSMANAGER_DISABLE={candidates[0].name})"
    )


def describe_conflict(candidates: Sequence[InstalledEntryPoint]) -> str:
    """Return which distributions provide the same name, as a clause of a message."""
    owners = " and ".join(f"{item.distribution} {item.version}" for item in candidates)
    return f"the {candidates[0].kind} name {candidates[0].name!r} is provided by {owners}"


def entry_point_of(plugin: object) -> InstalledEntryPoint | None:
    """Return the entry point that refers to this object or its class. Imports nothing."""
    for candidate in installed():
        entry_point = candidate.entry_point
        if entry_point.pattern.match(entry_point.value) is None:
            continue  # Malformed: `module` would raise.
        module = sys.modules.get(entry_point.module)
        target = getattr(module, entry_point.attr, None) if entry_point.attr else module
        if target is not None and (target is plugin or target is type(plugin)):
            return candidate
    return None


def load(entry_point: InstalledEntryPoint) -> object:
    """Import what an entry point refers to. A class is instantiated without arguments.

    Raises:
        PluginError: the import or the constructor raised an exception.
    """
    try:
        target = entry_point.entry_point.load()
        return target() if inspect.isclass(target) else target
    except Exception as error:
        message = f"failed to load {entry_point}: {type(error).__name__}: {error}"
        raise PluginError(message) from error


def disabled_names() -> frozenset[str]:
    """Return the names in the environment variable USERSMANAGER_DISABLE."""
    value = os.environ.get("USERSMANAGER_DISABLE", "")
    return frozenset(name.strip() for name in value.split(",") if name.strip())
