"""Public test helpers: a fake transport, test servers, and the contracts of extensions.

They are imported on first use: `FakeTransport` must not import an HTTP library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .contracts.plugin import PluginContract
    from .contracts.transport import (
        AsyncTransportContract,
        StrictAsyncTransportContract,
        StrictTransportContract,
        TransportContract,
    )
    from .fake import FakeTransport
    from .fault_server import FaultServer, echo, profile
    from .peer import Peer
    from .sandbox.sandbox import Sandbox
    from .sandbox.tenant import Limit

__all__ = [
    "AsyncTransportContract",
    "FakeTransport",
    "FaultServer",
    "Limit",
    "Peer",
    "PluginContract",
    "Sandbox",
    "StrictAsyncTransportContract",
    "StrictTransportContract",
    "TransportContract",
    "echo",
    "profile",
]

_MODULES = {
    "AsyncTransportContract": "contracts.transport",
    "FakeTransport": "fake",
    "FaultServer": "fault_server",
    "Limit": "sandbox.tenant",
    "Peer": "peer",
    "PluginContract": "contracts.plugin",
    "Sandbox": "sandbox.sandbox",
    "StrictAsyncTransportContract": "contracts.transport",
    "StrictTransportContract": "contracts.transport",
    "TransportContract": "contracts.transport",
    "echo": "fault_server",
    "profile": "fault_server",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_MODULES[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
