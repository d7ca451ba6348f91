"""Test helpers, public: a fake transport, and a tenant in a box.

Each is imported only when it is used, so that `FakeTransport` costs no HTTP library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .fake import FakeTransport
    from .sandbox import Sandbox
    from .tenant import Limit

__all__ = ["FakeTransport", "Limit", "Sandbox"]

_MODULES = {"FakeTransport": "fake", "Limit": "tenant", "Sandbox": "sandbox"}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
