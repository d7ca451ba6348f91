"""Collect what PyInstaller can't see: entry points, and the modules that are imported by name."""

from PyInstaller.utils.hooks import collect_entry_point, collect_submodules

from usersmanager._composition.entry_points import GROUPS

# They would add click, pytest and others. A program that imports one of them gets it anyway.
_LEFT_OUT = (
    "usersmanager.__main__",
    "usersmanager._pyinstaller",
    "usersmanager.cli",
    "usersmanager.testing",
)

datas = []
hiddenimports = collect_submodules(
    "usersmanager", filter=lambda name: not name.startswith(_LEFT_OUT)
)
for group in GROUPS:
    metadata, modules = collect_entry_point(group)
    datas += metadata
    hiddenimports += modules
