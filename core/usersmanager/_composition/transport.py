"""Find the transport of a manager, and check that it fits the manager's mode."""

from __future__ import annotations

import contextlib
import inspect
import ssl
from typing import NamedTuple

from .._values.token import Secret
from ..errors import PluginError
from .entry_points import InstalledEntryPoint
from .loader import Loader, guarded
from .modes import ASYNC, SYNC, Mode, other_mode
from .registry import Registry

__all__ = ["DEFAULT_SETTINGS", "TransportSettings", "find_transport", "try_hooks"]


class TransportSettings(NamedTuple):
    """The arguments of the transport hooks.

    Attributes:
        proxy: the sealed URL of a proxy, or a sealed None for the default of the transport.
        ssl_context: the TLS settings, or None for the default of the transport.
    """

    proxy: Secret[str | None] = Secret(None)
    ssl_context: ssl.SSLContext | None = None


DEFAULT_SETTINGS = TransportSettings()


def find_transport(
    transport: object,
    mode: Mode,
    loader: Loader,
    settings: TransportSettings = DEFAULT_SETTINGS,
) -> tuple[str, object]:
    """Return the name and the transport for the argument of a constructor.

    Args:
        transport: an installed name, an object, or None for the default of the mode. The name of
            an object is the name of its class.
        mode: the mode of the manager.
        loader: loads an installed transport.
        settings: the settings of an installed transport.

    Raises:
        PluginError: the transport is missing, disabled or broken, does not fit the mode, or does
            not take one of the settings.
    """
    if transport is None:
        transport = mode.default_transport
    if not isinstance(transport, str):
        name = type(transport).__name__
        _check_transport(name, transport, mode)
        return name, transport
    if loader.is_disabled(transport):
        raise PluginError(f"the transport {transport!r} is disabled by USERSMANAGER_DISABLE")
    entry_point = loader.find("transport", transport)
    return entry_point.name, _make_transport(entry_point, mode, loader, settings)


def _make_transport(
    entry_point: InstalledEntryPoint, mode: Mode, loader: Loader, settings: TransportSettings
) -> object:
    registry = Registry(transports=True)
    if mode.hook not in loader.add(registry, entry_point):
        raise _wrong_mode_error(entry_point.name, mode)
    if settings.proxy.reveal() is not None:
        _require_argument("proxy", registry, entry_point, mode)
    if settings.ssl_context is not None:
        _require_argument("ssl_context", registry, entry_point, mode)
    return _call_hook(registry, entry_point, mode, settings)


def try_hooks(registry: Registry, entry_point: InstalledEntryPoint) -> None:
    """Create a transport for each mode that an entry point supports, and close it.

    Args:
        registry: contains the object of the entry point.
        entry_point: the entry point of the transport.

    Raises:
        PluginError: a hook failed.
    """
    for mode in (SYNC, ASYNC):
        if any(registry.implementations(mode.hook)):
            _close_unused(_call_hook(registry, entry_point, mode, DEFAULT_SETTINGS), mode)


def _call_hook(
    registry: Registry, entry_point: InstalledEntryPoint, mode: Mode, settings: TransportSettings
) -> object:
    problem = f"{mode.hook} of the {entry_point} failed"
    transport = guarded(
        problem,
        lambda: registry.first_result(
            mode.hook, proxy=settings.proxy.reveal(), ssl_context=settings.ssl_context
        ),
        conceals=settings.proxy.reveal() is not None,
    )
    guarded(problem, lambda: _check_transport(entry_point.name, transport, mode))
    return transport


def _close_unused(transport: object, mode: Mode) -> None:
    with contextlib.suppress(Exception):
        closing = getattr(transport, mode.close)()
        if inspect.iscoroutine(closing):
            # There may be no event loop, and closing an unused transport has nothing to await.
            with contextlib.closing(closing):
                closing.send(None)


def _require_argument(
    argument: str, registry: Registry, entry_point: InstalledEntryPoint, mode: Mode
) -> None:
    if any(argument not in hook.arguments for hook in registry.implementations(mode.hook)):
        raise PluginError(
            f"the {entry_point} can't be used with {argument}=: its {mode.hook} does not take it"
        )


def _check_transport(name: str, transport: object, mode: Mode) -> None:
    if inspect.isclass(transport):
        kind = transport.__name__
        raise PluginError(f"transport {kind!r} is a class: pass an instance, {kind}(...)")
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
