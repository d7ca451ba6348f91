"""Import what an entry point refers to. A class is instantiated, which needs no arguments.

A class that needs some can't be used by name: a program has to pass an instance.
"""

from __future__ import annotations

import inspect

from ..errors import PluginError
from .entry_points import InstalledEntryPoint, import_target, parse

__all__ = ["explain_arguments", "load"]


def load(entry_point: InstalledEntryPoint) -> object:
    """Import the object of an entry point. A class is instantiated without arguments.

    Raises:
        PluginError: the entry point is malformed, or refers to a class that needs arguments.
        BaseException: any exception raised by the import or the constructor.
    """
    target = import_target(entry_point)
    if not inspect.isclass(target):
        return target
    try:
        return target()
    except TypeError:
        explanation = _explain(entry_point, target)
        if explanation is None:
            raise
    raise PluginError(explanation + _how_to_silence(entry_point))


def explain_arguments(entry_point: InstalledEntryPoint) -> str | None:
    """Import the object of an entry point; if it needs arguments, explain how to pass an instance.

    Returns:
        A clause of a message, or None if it needs no arguments.

    Raises:
        PluginError: the entry point is malformed.
        BaseException: any exception raised by the import.
    """
    return _explain(entry_point, import_target(entry_point))


def _explain(entry_point: InstalledEntryPoint, target: object) -> str | None:
    arguments = _required_arguments(target)
    if not arguments:
        return None
    module, path = parse(entry_point).module, parse(entry_point).attr
    instance = f"{path}({arguments})"
    argument = f"plugins=[{instance}]" if entry_point.kind == "plugin" else f"transport={instance}"
    name = path.partition(".")[0]
    return f"it needs arguments: write `from {module} import {name}` and `{argument}`"


def _required_arguments(target: object) -> str:
    """Return the arguments that the constructor of a class needs, such as "client_id=..."."""
    if not inspect.isclass(target):
        return ""
    try:
        parameters = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):
        return ""  # A class written in C may not have a signature.
    return ", ".join(
        "..." if parameter.kind == parameter.POSITIONAL_ONLY else f"{parameter.name}=..."
        for parameter in parameters
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    )


def _how_to_silence(entry_point: InstalledEntryPoint) -> str:
    """Return how to avoid the warning about a plugin that is discovered."""
    if entry_point.kind == "transport" or entry_point.is_optional:
        return ""
    return f", or set USERSMANAGER_DISABLE={entry_point.name}"
