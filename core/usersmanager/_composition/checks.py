"""Check a plugin for the mistakes that pluggy ignores, and explain those that it reports."""

from __future__ import annotations

import inspect

import pluggy

from .._values.suggestions import did_you_mean
from ..errors import PluginError
from .hookspecs import HOOKS

__all__ = ["check_marked", "explain_rejected"]


def check_marked(name: str, plugin: object) -> None:
    """Check that a plugin is an instance whose hooks are all marked.

    Raises:
        PluginError: it is a class, or has a method with the name of a hook but no mark.
    """
    if inspect.isclass(plugin):
        raise PluginError(f"{plugin.__name__} is a class: pass an instance, {plugin.__name__}(...)")
    for hook in HOOKS:
        method = getattr(plugin, hook, None)
        if callable(method) and not hasattr(method, "usersmanager_impl"):
            raise PluginError(f"plugin {name!r}: {hook} is not marked with @hookimpl")


def explain_rejected(
    manager: pluggy.PluginManager, plugin: object, error: pluggy.PluginValidationError
) -> str:
    """Return why pluggy rejected a plugin."""
    for caller in manager.get_hookcallers(plugin) or ():
        if not caller.has_spec():
            return f"no such hook{did_you_mean(caller.name, HOOKS)}"
    reason = str(error).splitlines()[-1]
    if reason.startswith("Argument(s)"):
        return "a hook takes no arguments: it returns a function of (request, proceed)"
    return reason
