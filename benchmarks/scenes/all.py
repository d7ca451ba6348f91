"""Every scene, in the order of the report."""

from __future__ import annotations

from . import Scene, layers, loopback, offline, rules

__all__ = ["SCENES"]

SCENES: tuple[Scene, ...] = (*loopback.SCENES, *offline.SCENES, *layers.SCENES, *rules.SCENES)
