"""Every scene, in the order of the report."""

from __future__ import annotations

from . import Scene, bodies, loopback, startup, tls

__all__ = ["SCENES"]

SCENES: tuple[Scene, ...] = (
    *loopback.SCENES,
    *tls.SCENES,
    *bodies.SCENES,
    *startup.SCENES,
)
