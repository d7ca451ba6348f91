"""Find the transport of a manager, and check that it fits the manager's mode."""

from __future__ import annotations

import inspect

from ..errors import PluginError
from .loader import Loader
from .modes import Mode, other_mode
from .registry import Registry

__all__ = ["describe_transport", "find_transport"]


def find_transport(transport: object, mode: Mode, loader: Loader) -> object:
    """Return the transport that the argument of a constructor stands for.

    Args:
        transport: an installed name, an object, or None for the default of the mode.
        mode: the mode of the manager.
        loader: loads an installed transport.

    Raises:
        PluginError: the transport is missing, disabled, or does not fit the mode.
    """
    name = describe_transport(transport, mode)
    if transport is None or isinstance(transport, str):
        transport = _load_transport(name, mode, loader)
    _check_transport(name, transport, mode)
    return transport


def describe_transport(transport: object, mode: Mode) -> str:
    """Return the installed name of a transport, or the class of an object."""
    if transport is None:
        return mode.default_transport
    return transport if isinstance(transport, str) else type(transport).__name__


def _load_transport(name: str, mode: Mode, loader: Loader) -> object:
    if name in loader.disabled:
        raise PluginError(f"the transport {name!r} is disabled by USERSMANAGER_DISABLE")
    registry = Registry()
    hooks = registry.add(name, loader.load("transport", name))
    if mode.hook not in hooks:
        raise _wrong_mode_error(name, mode)
    return registry.first_result(mode.hook, proxy=None, ssl_context=None)


def _check_transport(name: str, transport: object, mode: Mode) -> None:
    if inspect.isclass(transport):
        raise PluginError(f"transport {name!r} is a class: pass an instance")
    if inspect.iscoroutinefunction(getattr(transport, "send", None)):
        raise PluginError(f"transport {name!r}: name its coroutine function asend, not send")
    if _implements(transport, mode):
        return
    if _implements(transport, other_mode(mode)):
        raise _wrong_mode_error(name, mode)
    raise PluginError(
        f"transport {name!r} needs the methods {mode.send}(request) and {mode.close}()"
    )


def _implements(transport: object, mode: Mode) -> bool:
    return all(callable(getattr(transport, name, None)) for name in (mode.send, mode.close))


def _wrong_mode_error(name: str, mode: Mode) -> PluginError:
    return PluginError(
        f"{name!r} is not a transport for {mode.manager}, which is {mode.name}: use it with"
        f" {other_mode(mode).manager}, or leave transport out for {mode.default_transport!r}"
    )
