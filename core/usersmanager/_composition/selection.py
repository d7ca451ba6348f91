"""Select the plugins of a manager: the explicit ones, then the discovered ones."""

from __future__ import annotations

from collections.abc import Collection
from types import ModuleType

from ..errors import PluginError
from .construction import explain_arguments
from .entry_points import InstalledEntryPoint, by_name, entry_point_of, import_target
from .loader import Loader, guarded
from .missing_extra import MissingExtraError, missing_extra
from .missing_metadata import warn_of_missing_metadata
from .names import normalize
from .registry import Registry
from .required import DISABLED, NOT_ALLOWED, skip

__all__ = ["add_plugins", "discovered_names", "how_to_name", "how_to_use", "lacks_extra"]


def add_plugins(
    registry: Registry,
    plugins: Collection[object],
    discover: bool | Collection[str],
    loader: Loader,
) -> None:
    """Add the plugins of a manager to its registry.

    Args:
        registry: the registry of the manager.
        plugins: instances and installed names. Each replaces the discovered plugin with its name.
        discover: True for every discovered plugin, False for none, or their names.
        loader: the loader of the manager.

    Raises:
        PluginError: an argument is invalid; an instance is not a plugin; a plugin requested by
            name is missing or failed; or the environment excludes a requested plugin that is
            required.
    """
    explicit_names = _add_explicit(registry, plugins, loader)
    if discover is True:
        if not explicit_names:
            warn_of_missing_metadata()
        _add_every_discovered(registry, loader, skip=explicit_names)
        return
    for name, given in sorted(_discover_names(discover).items()):
        if name not in explicit_names:
            _add_discovered(registry, given, loader)


def _add_explicit(registry: Registry, plugins: Collection[object], loader: Loader) -> set[str]:
    """Add the plugins of the list; return their normalized names, disabled ones included."""
    # An iterator would be empty for the next manager, which would then have no plugin.
    if isinstance(plugins, str) or not isinstance(plugins, Collection):
        raise PluginError("plugins must be a list of instances and installed names")
    names = set()
    for plugin in plugins:
        name = plugin if isinstance(plugin, str) else _name_of(plugin)
        names.add(normalize(name))
        if loader.is_disabled(name):
            skip(name, plugin, DISABLED, loader)
        elif isinstance(plugin, str):
            loader.add(registry, loader.find("plugin", plugin))
        else:
            registry.add(name, plugin)
            loader.record(entry_point_of(plugin))
    return names


def discovered_names(loader: Loader) -> list[str]:
    """Return the normalized names of the plugins that a manager uses by default."""
    return [
        name
        for name, candidates in by_name("plugin").items()
        if not all(candidate.is_optional for candidate in candidates)
        and loader.is_allowed(name)
        and not loader.is_disabled(name)
    ]


def _add_every_discovered(registry: Registry, loader: Loader, *, skip: Collection[str]) -> None:
    for name in discovered_names(loader):
        if name in skip:
            continue
        try:
            _add_discovered(registry, name, loader)
        except PluginError as error:
            if not (_is_shipped(name) and missing_extra(error)):  # Extras are a choice.
                loader.warn(f"{error}; skipping it")


def lacks_extra(name: str) -> bool:
    """Return whether a plugin of this library can't be loaded without an extra."""
    if not _is_shipped(name):
        return False
    try:
        import_target(by_name("plugin")[name][0])
    except ModuleNotFoundError as error:
        return isinstance(error, MissingExtraError)
    return False


def _is_shipped(name: str) -> bool:
    return any(candidate.is_shipped for candidate in by_name("plugin")[name])


def _discover_names(discover: bool | Collection[str]) -> dict[str, str]:
    """Return the requested names, by their normalized form."""
    if discover is False:
        return {}
    if (
        isinstance(discover, bool | str)
        or not isinstance(discover, Collection)
        or not all(isinstance(name, str) for name in discover)
    ):
        raise PluginError("discover must be True, False or a collection of installed names")
    return {normalize(name): name for name in discover}


def _add_discovered(registry: Registry, name: str, loader: Loader) -> None:
    if loader.is_disabled(name):
        skip(name, name, DISABLED, loader)
        return
    entry_point = loader.find("plugin", name)
    if entry_point.is_optional:
        raise PluginError(f"the {entry_point} is optional: {how_to_use(entry_point)}")
    if loader.is_allowed(name):
        loader.add(registry, entry_point)
    else:
        skip(name, name, NOT_ALLOWED, loader)


def how_to_use(entry_point: InstalledEntryPoint) -> str:
    """Explain how to use an optional plugin, as a clause of a message.

    Raises:
        PluginError: it can't be imported, so it can't be used.
    """
    needs = guarded(f"failed to load {entry_point}", lambda: explain_arguments(entry_point))
    return needs or how_to_name(entry_point)


def how_to_name(entry_point: InstalledEntryPoint) -> str:
    """Explain how to request a plugin that is not discovered, as a clause of a message."""
    name = entry_point.name
    return f"to use it, pass plugins=[{name!r}] or an instance, or --plugin {name} to a command"


def _name_of(plugin: object) -> str:
    """Return the `name` of a plugin, or the name of its entry point, module or class."""
    own_name = getattr(plugin, "name", None)
    if isinstance(own_name, str) and own_name:
        return own_name
    entry_point = entry_point_of(plugin)
    if entry_point is not None:
        return entry_point.name
    return plugin.__name__ if isinstance(plugin, ModuleType) else type(plugin).__name__
