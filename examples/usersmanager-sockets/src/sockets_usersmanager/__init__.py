"""Transports of `usersmanager` that open their connections in other ways than TCP to the host."""

from __future__ import annotations

from .in_process import InProcessTransport
from .socks import SocksTransport
from .unix import UnixTransport

__all__ = ["InProcessTransport", "SocksTransport", "UnixTransport"]
