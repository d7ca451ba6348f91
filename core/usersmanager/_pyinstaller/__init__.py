"""The hook of this library for PyInstaller, which finds it by the entry point `pyinstaller40`."""

from __future__ import annotations

from pathlib import Path

__all__ = ["hook_dirs"]


def hook_dirs() -> list[str]:
    """Return the directories that contain hooks."""
    return [str(Path(__file__).parent)]
