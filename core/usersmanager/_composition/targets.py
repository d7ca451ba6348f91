"""The objects that entry points refer to: import one, or find the entry point of one."""

from __future__ import annotations

import inspect
import sys
from contextlib import suppress
from functools import reduce
from importlib.metadata import EntryPoint

from ..errors import PluginError
from .entry_points import InstalledEntryPoint, installed

__all__ = ["entry_point_of", "load"]


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
    entry_point = _parsed(candidate)
    attributes = entry_point.attr.split(".") if entry_point.attr else ()
    return reduce(getattr, attributes, sys.modules[entry_point.module])


def load(entry_point: InstalledEntryPoint) -> object:
    """Import the object of an entry point. A class is instantiated without arguments.

    Raises:
        PluginError: the entry point is malformed, or refers to a class that needs arguments.
        BaseException: any exception raised by the import or the constructor.
    """
    target: object = _parsed(entry_point).load()
    if not inspect.isclass(target):
        return target
    try:
        return target()
    except TypeError:
        if not _needs_arguments(target):
            raise
    raise PluginError(f"it needs arguments: pass an instance {_instead_of(entry_point)}")


def _instead_of(entry_point: InstalledEntryPoint) -> str:
    if entry_point.kind == "transport":
        return "as transport="
    return f"in plugins=[...], or set USERSMANAGER_DISABLE={entry_point.name}"


def _parsed(entry_point: InstalledEntryPoint) -> EntryPoint:
    # From Python 3.15 on, EntryPoint itself raises a ValueError.
    if EntryPoint.pattern.match(entry_point.value) is None:
        raise PluginError(f"its entry point {entry_point.value!r} is malformed")
    return EntryPoint(entry_point.name, entry_point.value, group="")


def _needs_arguments(target: type) -> bool:
    try:
        signature = inspect.signature(target)
    except (TypeError, ValueError):
        return False  # A class written in C may not have a signature.
    try:
        signature.bind()
    except TypeError:
        return True
    return False
