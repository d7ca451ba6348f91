"""The registry: checks plugins against the hooks, over pluggy, and puts them in order.

A plugin is refused here, when it is added, for whatever would make it silently
useless: a misspelled hook, a forgotten `@hookimpl`, no hook at all.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from types import FunctionType, ModuleType
from typing import cast

import pluggy

from .._flow.chain import NamedMiddleware
from .._flow.effects import Middleware
from .._values.suggestions import did_you_mean
from ..errors import PluginError
from . import hookspecs
from .entry_points import InstalledEntryPoint

__all__ = ["Registry", "load"]

_HOOKS = tuple(name for name in dir(hookspecs) if name.startswith("usersmanager_"))


def load(one: InstalledEntryPoint) -> object:
    """Imports an entry point; a class gives an instance, made without arguments.

    Raises:
        PluginError: the import or the construction failed, for whatever reason.
    """
    try:
        loaded = one.entry_point.load()
        return loaded() if inspect.isclass(loaded) else loaded
    except Exception as error:
        raise PluginError(f"{one} can't be loaded: {type(error).__name__}: {error}") from error


class _PluginManager(pluggy.PluginManager):
    """Looks only at names that may be a hook's: at each, pluggy looks for ten microseconds."""

    def parse_hookspec_opts(
        self, module_or_class: ModuleType | type, name: str
    ) -> pluggy.HookspecOpts | None:
        return super().parse_hookspec_opts(module_or_class, name) if name in _HOOKS else None

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        if name.startswith("__") or _is_unmarked_function(plugin, name):
            return None
        return super().parse_hookimpl_opts(plugin, name)


def _is_unmarked_function(plugin: object, name: str) -> bool:
    own = getattr(plugin, "__dict__", {})
    found = own[name] if name in own else getattr(type(plugin), name, None)
    return isinstance(found, FunctionType) and not hasattr(found, "usersmanager_impl")


class Registry:
    """The plugins of one manager, outermost first, in the order they are added."""

    def __init__(self) -> None:
        self._pluggy = _PluginManager("usersmanager")
        self._pluggy.add_hookspecs(hookspecs)
        self._order: list[str] = []
        self._explicit: set[str] = set()

    def add(self, name: str, plugin: object, *, explicit: bool) -> tuple[str, ...]:
        """Adds a plugin and gives the names of its hooks.

        Args:
            name: how messages call it; a second one of the name gets a number.
            plugin: an instance, a module, or any object with hookimpls.
            explicit: whether the user put it at its place, which nothing may change.

        Raises:
            PluginError: it can't act, or not as its author meant.
        """
        _refuse_unmarked(name, plugin)
        unique = name
        while self._pluggy.has_plugin(unique):
            number = int(unique.rpartition("#")[2]) + 1 if "#" in unique else 2
            unique = f"{name}#{number}"
        try:
            self._pluggy.register(plugin, unique)
            hooks = tuple(caller.name for caller in self._pluggy.get_hookcallers(plugin) or ())
            self._pluggy.check_pending()
        except ValueError as error:
            raise PluginError(f"plugin {name!r} is given twice") from error
        except pluggy.PluginValidationError as error:
            raise PluginError(f"plugin {name!r}: {_reason(self._pluggy, plugin, error)}") from error
        if not hooks:
            raise PluginError(f"{name!r} is no plugin: it has no method marked with @hookimpl")
        self._order.append(unique)
        if explicit:
            self._explicit.add(unique)
        return hooks

    def wraps(self, hook: str) -> Sequence[NamedMiddleware]:
        """What the plugins return for a wrap hook, outermost first.

        Raises:
            PluginError: one returned something that can't be called.
        """
        impls = sorted(getattr(self._pluggy.hook, hook).get_hookimpls(), key=self._place)
        answers = [(impl.plugin_name, impl.function()) for impl in impls]
        for name, answer in answers:
            if answer is not None and not callable(answer):
                raise PluginError(
                    f"plugin {name!r}: {hook} must return a function (request, proceed)"
                )
        return [
            NamedMiddleware(name, cast(Middleware, wrap))
            for name, wrap in answers
            if wrap is not None
        ]

    def first(self, hook: str) -> object:
        """The answer to a transport hook, or None."""
        return getattr(self._pluggy.hook, hook)()

    @property
    def names(self) -> tuple[str, ...]:
        """The plugins by name, in order."""
        return tuple(self._order)

    def _place(self, impl: pluggy.HookImpl) -> tuple[int, bool, int]:
        if impl.hookwrapper or impl.wrapper:
            raise PluginError(
                f"plugin {impl.plugin_name!r}: a hook wrapper has nothing to wrap here;"
                " return a flow from usersmanager_wrap_call instead"
            )
        explicit = impl.plugin_name in self._explicit
        rank = 0 if explicit else int(impl.trylast) - int(impl.tryfirst)
        return (rank, not explicit, self._order.index(impl.plugin_name))


def _refuse_unmarked(name: str, plugin: object) -> None:
    if inspect.isclass(plugin):
        raise PluginError(f"{plugin.__name__} is a class: pass an instance, {plugin.__name__}(...)")
    for hook in _HOOKS:
        method = getattr(plugin, hook, None)
        if callable(method) and not hasattr(method, "usersmanager_impl"):
            raise PluginError(f"plugin {name!r}: {hook} is not marked with @hookimpl")


def _reason(
    manager: pluggy.PluginManager, plugin: object, error: pluggy.PluginValidationError
) -> str:
    for caller in manager.get_hookcallers(plugin) or ():
        if not caller.has_spec():
            return f"no such hook{did_you_mean(caller.name, _HOOKS)}"
    text = str(error).splitlines()[-1]
    if text.startswith("Argument(s)"):
        return "a hook takes no arguments: it returns a function of (request, proceed)"
    return text
