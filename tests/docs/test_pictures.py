"""The pictures show the calls that are really made."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def pictures() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pictures", DOCS / "pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["call.svg", "flow.svg"])
def test_a_picture_is_what_the_script_draws(pictures: ModuleType, name: str) -> None:
    events, title = pictures.PICTURES[name]
    assert (DOCS / "pictures" / name).read_text() == pictures.draw(events(), title)
