"""Find the installed plugins and transports by their entry points."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, reduce
from importlib import invalidate_caches
from importlib.metadata import EntryPoint
from typing import Literal

from ..errors import PluginError
from .distributions import Provider, find_providers
from .missing_extra import MissingExtraError
from .names import normalize

__all__ = [
    "GROUPS",
    "InstalledEntryPoint",
    "Kind",
    "by_name",
    "describe_conflict",
    "entry_point_of",
    "import_target",
    "installed",
    "installed_names",
    "parse",
    "refresh",
    "resolve",
]

Kind = Literal["plugin", "transport"]
_OPTIONAL_PLUGINS = "usersmanager.optional_plugins"
GROUPS: dict[str, Kind] = {
    "usersmanager.plugins": "plugin",
    _OPTIONAL_PLUGINS: "plugin",
    "usersmanager.transports": "transport",
}


@dataclass(frozen=True, slots=True)
class InstalledEntryPoint:
    """The entry point of a plugin or transport, and the distribution that provides it.

    Attributes:
        name: its name.
        value: the module and object it refers to, such as "my_package:Timing".
        kind: "plugin" or "transport".
        is_optional: whether it is used only if a program requests it.
        distribution: the name of the distribution.
        version: the version of the distribution, or "" if unknown.
        requires: the version of this library that the distribution requires, or "".
    """

    name: str
    value: str
    kind: Kind
    is_optional: bool
    distribution: str
    version: str
    requires: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r} of {self.owner}"

    @property
    def owner(self) -> str:
        """The name and version of the distribution."""
        return f"{self.distribution} {self.version}".rstrip()

    @property
    def is_shipped(self) -> bool:
        """Whether this library provides it."""
        return normalize(self.distribution) == "usersmanager"


def installed() -> tuple[InstalledEntryPoint, ...]:
    """Return every installed plugin and transport, sorted by kind and name."""
    return _scan(tuple(sys.path))


# Reading the metadata of every distribution is slow: once per process is enough.
@lru_cache(maxsize=4)
def _scan(path: tuple[str, ...]) -> tuple[InstalledEntryPoint, ...]:
    # A distribution may list a name twice.
    unique: dict[tuple[Kind, str, str], InstalledEntryPoint] = {}
    for provider in find_providers(GROUPS):
        for entry_point in _entry_points(provider):
            key = entry_point.kind, normalize(entry_point.name), entry_point.distribution
            unique.setdefault(key, entry_point)
    return tuple(unique[key] for key in sorted(unique))


# How to install the extra that an entry point lacks. Python would search for it in every import.
_lacking: dict[InstalledEntryPoint, str] = {}


def refresh() -> None:
    """Forget the installed plugins and transports, so that they are read again."""
    invalidate_caches()
    _lacking.clear()
    _scan.cache_clear()
    _group.cache_clear()


def _entry_points(provider: Provider) -> list[InstalledEntryPoint]:
    return [
        InstalledEntryPoint(
            name=line.name,
            value=line.value,
            kind=GROUPS[line.group],
            is_optional=line.group == _OPTIONAL_PLUGINS,
            distribution=provider.name,
            version=provider.version,
            requires=provider.requires,
        )
        for line in provider.entry_points
    ]


def by_name(kind: Kind) -> Mapping[str, Sequence[InstalledEntryPoint]]:
    """Return the entry points of one kind, grouped and sorted by normalized name."""
    return _group(tuple(sys.path), kind)


@lru_cache(maxsize=8)
def _group(path: tuple[str, ...], kind: Kind) -> Mapping[str, Sequence[InstalledEntryPoint]]:
    groups: dict[str, list[InstalledEntryPoint]] = {}
    for entry_point in _scan(path):
        if entry_point.kind == kind:
            groups.setdefault(normalize(entry_point.name), []).append(entry_point)
    return groups


def installed_names(kind: Kind) -> list[str]:
    """Return the names of the installed plugins or transports, in their original spelling."""
    return [candidates[0].name for candidates in by_name(kind).values()]


def resolve(candidates: Sequence[InstalledEntryPoint]) -> InstalledEntryPoint:
    """Return the entry point to use for a name: the built-in one, otherwise the only one.

    Raises:
        PluginError: several other distributions provide the name.
    """
    eligible = [candidate for candidate in candidates if candidate.is_shipped] or candidates
    if len(eligible) == 1:
        return eligible[0]
    raise PluginError(
        f"{describe_conflict(candidates)}"
        f" (uninstall one, or set USERSMANAGER_DISABLE={candidates[0].name})"
    )


def describe_conflict(candidates: Sequence[InstalledEntryPoint]) -> str:
    """Describe which distributions provide the same name, as a clause of a message."""
    owners = " and ".join(candidate.owner for candidate in candidates)
    return f"the {candidates[0].kind} name {candidates[0].name!r} is provided by {owners}"


def entry_point_of(plugin: object) -> InstalledEntryPoint | None:
    """Return the entry point that refers to this object, or to its class or the nearest base.

    Nothing is imported.
    """
    by_target: dict[int, InstalledEntryPoint] = {}
    for candidate in installed():
        with suppress(Exception):  # It is malformed, or its module has not been imported.
            by_target.setdefault(id(_imported(candidate)), candidate)
    identities = map(id, (plugin, *type(plugin).__mro__))
    return next((by_target[key] for key in identities if key in by_target), None)


def _imported(candidate: InstalledEntryPoint) -> object:
    entry_point = parse(candidate)
    attributes = entry_point.attr.split(".") if entry_point.attr else ()
    return reduce(getattr, attributes, sys.modules[entry_point.module])


def import_target(entry_point: InstalledEntryPoint) -> object:
    """Import the object that an entry point refers to.

    Raises:
        PluginError: the entry point is malformed.
        BaseException: any exception raised by the import.
    """
    if entry_point in _lacking:
        raise MissingExtraError(_lacking[entry_point])
    try:
        return parse(entry_point).load()
    except MissingExtraError as error:
        if entry_point.is_shipped:
            _lacking[entry_point] = error.msg
        raise


def parse(entry_point: InstalledEntryPoint) -> EntryPoint:
    """Return an entry point in the form that importlib.metadata loads.

    Raises:
        PluginError: it is malformed.
    """
    # From Python 3.15 on, EntryPoint itself raises a ValueError.
    if EntryPoint.pattern.match(entry_point.value) is None:
        raise PluginError(f"its entry point {entry_point.value!r} is malformed")
    return EntryPoint(entry_point.name, entry_point.value, group="")
