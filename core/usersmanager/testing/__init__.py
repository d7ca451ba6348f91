"""Test helpers, public: fakes, servers, and the contracts of transports and plugins.

Each is imported only when it is used, so that `FakeTransport` costs no HTTP library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .contracts import AsyncTransportContract, TransportContract
    from .fake import FakeTransport
    from .faults import FaultServer, Peer, echo, profile
    from .plugin_contract import PluginContract
    from .sandbox import Sandbox
    from .tenant import Limit

__all__ = [
    "AsyncTransportContract",
    "FakeTransport",
    "FaultServer",
    "Limit",
    "Peer",
    "PluginContract",
    "Sandbox",
    "TransportContract",
    "echo",
    "profile",
]

_MODULES = {
    "AsyncTransportContract": "contracts",
    "FakeTransport": "fake",
    "FaultServer": "faults",
    "Limit": "tenant",
    "Peer": "faults",
    "PluginContract": "plugin_contract",
    "Sandbox": "sandbox",
    "TransportContract": "contracts",
    "echo": "faults",
    "profile": "faults",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
