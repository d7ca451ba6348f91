"""Register the plugins of one manager with pluggy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import pluggy

from ..errors import PluginError
from . import hookspecs
from .checks import (
    check_all_hooks_found,
    check_comparison,
    check_implementation,
    check_marked,
    explain_rejected,
)
from .hookspecs import HOOKS
from .modes import TRANSPORT_HOOKS

__all__ = ["Implementation", "Registry"]


class Implementation(NamedTuple):
    """A function that implements a hook, with the attributes that determine its order.

    Attributes:
        plugin: the name of its plugin.
        function: takes all arguments of the hook.
        arguments: the names of the arguments that the implementation itself takes.
        mark: -1 for tryfirst, 1 for trylast, otherwise 0.
        position: the index of its plugin in the manager, from 0.
        retries: whether its plugin retries.
    """

    plugin: str
    function: Callable[..., Any]
    arguments: tuple[str, ...]
    mark: int
    position: int
    retries: bool


class _PluginManager(pluggy.PluginManager):
    """A plugin manager that inspects only possible hooks: pluggy is slow on all other names.

    It reads the mark of a plain function itself, because pluggy looks everything up statically.

    Args:
        hooks: the names of the hooks that may be implemented.
    """

    def __init__(self, hooks: Iterable[str]) -> None:
        super().__init__("usersmanager")
        self._specifications: dict[str, pluggy.HookspecOpts] = {
            name: getattr(hookspecs, name).usersmanager_spec for name in hooks
        }
        self.add_hookspecs(hookspecs)

    def parse_hookspec_opts(
        self, module_or_class: ModuleType | type, name: str
    ) -> pluggy.HookspecOpts | None:
        return self._specifications.get(name)

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        if name.startswith("__"):
            return None
        attributes = getattr(plugin, "__dict__", {})
        value = attributes[name] if name in attributes else getattr(type(plugin), name, None)
        mark: pluggy.HookimplOpts | None = getattr(value, "usersmanager_impl", None)
        if isinstance(value, FunctionType) and isinstance(mark, dict | None):
            return mark
        if mark is not None or isinstance(value, staticmethod | classmethod):
            return super().parse_hookimpl_opts(plugin, name)
        return None


class Registry:
    """The plugins of one manager: the user's list first, then the discovered plugins by name.

    Args:
        transports: whether it is for transports, which implement no other hooks.
    """

    def __init__(self, *, transports: bool = False) -> None:
        self._accepts_transports = transports
        self._pluggy = _PluginManager(TRANSPORT_HOOKS if transports else HOOKS)
        self._plugins: dict[str, object] = {}
        self._retrying: str | None = None

    def add(self, name: str, plugin: object) -> tuple[str, ...]:
        """Add a plugin and return the names of the hooks that it implements.

        A plugin without any hook is an error, because it would have no effect. After an error, the
        registry is unchanged.

        Args:
            name: its name in messages; a second plugin with the same name gets a number.
            plugin: an instance, a module, or any object with hook implementations.

        Raises:
            PluginError: it implements no hook, or an unknown, unmarked or malformed one; it is a
                transport and the registry does not accept transports; it equals another plugin,
                or can't be compared; or it is a second plugin that retries.
            BaseException: any exception raised by reading its attributes.
        """
        check_marked(name, plugin)
        check_comparison(name, plugin)
        if any(other is plugin for other in self._plugins.values()):
            raise PluginError(f"plugin {name!r} is given twice")
        if plugin in self._plugins.values():
            # pluggy would raise a ValueError that contains the reprs of all plugins.
            raise PluginError(
                f"plugin {name!r} is equal to another one, which pluggy takes for the same:"
                " compare by identity, as with @dataclass(eq=False)"
            )
        unique_name = self._unique(name)
        try:
            hooks = self._register(unique_name, plugin)
            check_all_hooks_found(name, plugin, hooks)
            if not hooks:
                raise PluginError(f"{name!r} does not implement any hook (missing @hookimpl?)")
            self._check_kind(name, hooks)
            retries = getattr(plugin, "retries", False) is True
            if retries:
                self._check_only_retry(unique_name)
        except BaseException:
            # pluggy rejects some plugins before it registers them, and others afterwards.
            if self._pluggy.has_plugin(unique_name):
                self._pluggy.unregister(name=unique_name)
            raise
        self._plugins[unique_name] = plugin
        if retries:
            self._retrying = unique_name
        return hooks

    def _register(self, name: str, plugin: object) -> tuple[str, ...]:
        try:
            self._pluggy.register(plugin, name)
            self._pluggy.check_pending()
        except pluggy.PluginValidationError as error:
            reason = explain_rejected(self._pluggy, plugin, error)
            raise PluginError(f"plugin {name!r}: {reason}") from error
        callers = self._pluggy.get_hookcallers(plugin) or ()
        for caller in callers:
            for implementation in caller.get_hookimpls():
                if implementation.plugin is plugin:
                    check_implementation(name, caller.name, implementation)
        return tuple(caller.name for caller in callers)

    def _check_kind(self, name: str, hooks: Iterable[str]) -> None:
        if not self._accepts_transports and TRANSPORT_HOOKS.intersection(hooks):
            raise PluginError(
                f"{name!r} implements a transport hook: pass it as transport=, or register it in"
                " the entry point group usersmanager.transports"
            )

    def _check_only_retry(self, name: str) -> None:
        if self._retrying is not None:
            raise PluginError(
                f"the plugins {self._retrying!r} and {name!r} both retry, and would multiply their"
                f" attempts: leave one out, as with USERSMANAGER_DISABLE={name}"
            )

    def implementations(self, hook: str) -> Iterable[Implementation]:
        """Return all implementations of a hook, in no particular order."""
        caller = getattr(self._pluggy.hook, hook)
        names = list(self._plugins)
        for implementation in caller.get_hookimpls():
            name = implementation.plugin_name
            yield Implementation(
                plugin=name,
                function=_with_all_arguments(caller.spec.argnames, implementation),
                arguments=tuple(implementation.argnames),
                mark=int(implementation.trylast) - int(implementation.tryfirst),
                position=names.index(name),
                retries=name == self._retrying,
            )

    def first_result(self, hook: str, **arguments: object) -> object:
        """Call a transport hook, and return its first result that is not None."""
        return getattr(self._pluggy.hook, hook)(**arguments)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the plugins, in the order in which they were added."""
        return tuple(self._plugins)

    def _unique(self, name: str) -> str:
        number = 1
        unique_name = name
        while self._pluggy.has_plugin(unique_name):
            number += 1
            unique_name = f"{name}#{number}"
        return unique_name


def _with_all_arguments(
    names: tuple[str, ...], implementation: pluggy.HookImpl
) -> Callable[..., Any]:
    """Return a function that takes all arguments of a hook and passes on those that are needed."""
    function = implementation.function
    if implementation.argnames == names:
        return function
    positions = [names.index(name) for name in implementation.argnames]
    return lambda *arguments: function(*[arguments[position] for position in positions])
