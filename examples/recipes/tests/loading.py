"""Import the files of the recipes."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

RECIPES = Path(__file__).parents[1]


def load(recipe: str, file: str = "app.py") -> ModuleType:
    """Import a file anew. Each recipe may have a module with the same name."""
    path = RECIPES / recipe / file
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module
