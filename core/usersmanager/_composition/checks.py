"""Check a plugin for mistakes that pluggy ignores, and explain those that it reports."""

from __future__ import annotations

import inspect
from collections.abc import Collection
from types import CodeType

import pluggy

from .._values.suggestions import did_you_mean
from ..errors import PluginError
from .hookspecs import HOOKS

__all__ = [
    "check_all_hooks_found",
    "check_comparison",
    "check_implementation",
    "check_marked",
    "explain_rejected",
]

_WRAPS = ("usersmanager_wrap_call", "usersmanager_wrap_attempt")
_PLAIN_ARGUMENTS = "take the arguments of the hook without defaults, `*` and `**`"


def check_marked(name: str, plugin: object) -> None:
    """Check that a plugin is an instance whose hooks are all marked.

    Raises:
        PluginError: it is a class, or has an unmarked method with the name of a hook.
    """
    if inspect.isclass(plugin):
        raise PluginError(f"{plugin.__name__} is a class: pass an instance, {plugin.__name__}(...)")
    for hook in HOOKS:
        method = getattr(plugin, hook, None)
        if callable(method) and not hasattr(method, "usersmanager_impl"):
            raise PluginError(f"plugin {name!r}: {hook} is not marked with @hookimpl")


def check_comparison(name: str, plugin: object) -> None:
    """Check that a plugin can be compared with any other, as pluggy does.

    Raises:
        PluginError: it is equal to everything, not to itself, or can't be compared.
    """
    try:
        is_usual = bool(plugin == plugin) and not plugin == object()  # noqa: SIM201 - its __ne__ may differ.
    except Exception:
        is_usual = False
    if not is_usual:
        raise PluginError(
            f"plugin {name!r} can't be compared with other plugins: its __eq__ must return"
            " NotImplemented for objects that it does not know"
        )


def check_all_hooks_found(name: str, plugin: object, hooks: Collection[str]) -> None:
    """Check that pluggy has found every hook of a plugin.

    Args:
        name: the name of the plugin.
        plugin: the plugin, whose hooks are marked.
        hooks: the names of the hooks that pluggy has found.

    Raises:
        PluginError: a hook is a partial, a property or the like, which pluggy ignores.
    """
    for hook in HOOKS:
        if hook not in hooks and callable(getattr(plugin, hook, None)):
            raise PluginError(
                f"plugin {name!r}: {hook} is neither a method nor a function, so pluggy would"
                f" ignore it: write `def {hook}(self, ...)`"
            )


def check_implementation(name: str, hook: str, implementation: pluggy.HookImpl) -> None:
    """Check the function that implements a hook.

    Raises:
        PluginError: it is a pluggy hook wrapper, an async function, a generator function that
            would never run, or has a parameter that would never get a value.
    """
    function = implementation.function
    problem = None
    if implementation.hookwrapper or implementation.wrapper:
        problem = "is a hook wrapper of pluggy: implement usersmanager_wrap_call instead"
    elif hook != "usersmanager_aclose" and _is_async(function):
        problem = "is an async function: call async code in a wrap hook, with"
        problem += " `yield from run(sync=..., async_=...)`"
    elif hook not in _WRAPS and inspect.isgeneratorfunction(function):
        problem = "is a generator function: only a wrap hook may use `yield`"
    elif not _takes_plain_arguments(function):
        for parameter in inspect.signature(function).parameters.values():
            is_plain = parameter.kind == parameter.POSITIONAL_OR_KEYWORD
            if not is_plain or parameter.default is not parameter.empty:
                problem = f"has the parameter {str(parameter)!r}, which would never get a value: "
                problem += _PLAIN_ARGUMENTS
    if problem is not None:
        raise PluginError(f"plugin {name!r}: {hook} {problem}")


def _takes_plain_arguments(function: object) -> bool:
    """Return True if the signature is certainly valid, without the slow `inspect.signature`."""
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType) or getattr(function, "__defaults__", None):
        return False
    stars = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
    return code.co_kwonlyargcount == 0 and not code.co_flags & stars


def _is_async(function: object) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def explain_rejected(
    manager: pluggy.PluginManager, plugin: object, error: pluggy.PluginValidationError
) -> str:
    """Return why pluggy rejected a plugin."""
    for caller in manager.get_hookcallers(plugin) or ():
        if not caller.has_spec() and caller.name in HOOKS:
            return f"a transport can't implement {caller.name}: move it to a plugin"
        if not caller.has_spec():
            return f"no such hook{did_you_mean(caller.name, HOOKS)}"
    reason = str(error).splitlines()[-1]
    for hook in HOOKS:
        if reason.startswith("Argument(s)") and f"hook {hook!r}" in str(error):
            arguments = getattr(manager.hook, hook).spec.argnames
            return f"the arguments of {hook} are ({', '.join(arguments)}), or fewer"
    return reason
