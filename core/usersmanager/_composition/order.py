"""Register the plugins of one manager with pluggy, and put their middleware in order."""

from __future__ import annotations

from collections.abc import Sequence
from types import FunctionType, ModuleType
from typing import cast

import pluggy

from .._flow.chain import NamedMiddleware
from .._flow.effects import Middleware
from ..errors import PluginError
from . import hookspecs
from .checks import check_marked, explain_rejected
from .hookspecs import HOOKS

__all__ = ["Registry"]


class _PluginManager(pluggy.PluginManager):
    """A plugin manager that inspects only possible hooks: pluggy is slow on every other name."""

    def parse_hookspec_opts(
        self, module_or_class: ModuleType | type, name: str
    ) -> pluggy.HookspecOpts | None:
        return super().parse_hookspec_opts(module_or_class, name) if name in HOOKS else None

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        if name.startswith("__") or _is_unmarked_function(plugin, name):
            return None
        return super().parse_hookimpl_opts(plugin, name)


def _is_unmarked_function(plugin: object, name: str) -> bool:
    attributes = getattr(plugin, "__dict__", {})
    value = attributes[name] if name in attributes else getattr(type(plugin), name, None)
    return isinstance(value, FunctionType) and not hasattr(value, "usersmanager_impl")


class Registry:
    """The plugins of one manager, in the order in which they were added: outermost first."""

    def __init__(self) -> None:
        self._pluggy = _PluginManager("usersmanager")
        self._pluggy.add_hookspecs(hookspecs)
        self._order: list[str] = []
        self._explicit: set[str] = set()

    def add(self, name: str, plugin: object, *, explicit: bool) -> tuple[str, ...]:
        """Add a plugin and return the names of the hooks that it implements.

        A plugin that would have no effect is an error: its author meant something else.

        Args:
            name: its name in messages; a second plugin of that name gets a number.
            plugin: an instance, a module, or any object with hook implementations.
            explicit: whether the user listed it, so that its own wishes about order don't count.

        Raises:
            PluginError: it implements no hook, or one that is unknown, unmarked or has arguments.
        """
        check_marked(name, plugin)
        unique_name = self._unique(name)
        try:
            self._pluggy.register(plugin, unique_name)
            hooks = tuple(caller.name for caller in self._pluggy.get_hookcallers(plugin) or ())
            self._pluggy.check_pending()
        except ValueError as error:
            raise PluginError(f"plugin {name!r} is given twice") from error
        except pluggy.PluginValidationError as error:
            reason = explain_rejected(self._pluggy, plugin, error)
            raise PluginError(f"plugin {name!r}: {reason}") from error
        if not hooks:
            raise PluginError(f"{name!r} does not implement any hook (missing @hookimpl?)")
        self._order.append(unique_name)
        if explicit:
            self._explicit.add(unique_name)
        return hooks

    def middleware(self, hook: str) -> Sequence[NamedMiddleware]:
        """Return the middleware from all implementations of a hook, outermost first.

        Raises:
            PluginError: an implementation returned something that is not callable.
        """
        impls = sorted(getattr(self._pluggy.hook, hook).get_hookimpls(), key=self._sort_key)
        results = [(impl.plugin_name, impl.function()) for impl in impls]
        for name, result in results:
            if result is not None and not callable(result):
                raise PluginError(
                    f"plugin {name!r}: {hook} must return a function (request, proceed)"
                )
        return [
            NamedMiddleware(name, cast(Middleware, result))
            for name, result in results
            if result is not None
        ]

    def first_result(self, hook: str) -> object:
        """Return the first result of a hook that is not None."""
        return getattr(self._pluggy.hook, hook)()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the plugins, in order."""
        return tuple(self._order)

    def _unique(self, name: str) -> str:
        number = 1
        unique_name = name
        while self._pluggy.has_plugin(unique_name):
            number += 1
            unique_name = f"{name}#{number}"
        return unique_name

    def _sort_key(self, impl: pluggy.HookImpl) -> tuple[int, bool, int]:
        if impl.hookwrapper or impl.wrapper:
            raise PluginError(
                f"plugin {impl.plugin_name!r}: a hook wrapper has nothing to wrap here;"
                " return middleware from usersmanager_wrap_call instead"
            )
        explicit = impl.plugin_name in self._explicit
        rank = 0 if explicit else int(impl.trylast) - int(impl.tryfirst)
        return (rank, not explicit, self._order.index(impl.plugin_name))
