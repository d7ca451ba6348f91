"""Every scene, in the order of the report."""

from __future__ import annotations

from . import (
    Scene,
    bodies,
    instructions,
    layers,
    loopback,
    memory,
    offline,
    plugins,
    rules,
    startup,
    tls,
)

__all__ = ["SCENES"]

SCENES: tuple[Scene, ...] = (
    *loopback.SCENES,
    *tls.SCENES,
    *offline.SCENES,
    *layers.SCENES,
    *rules.SCENES,
    *plugins.SCENES,
    *bodies.SCENES,
    *startup.SCENES,
    *memory.SCENES,
    *instructions.SCENES,
)
