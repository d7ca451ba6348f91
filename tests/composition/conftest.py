"""Distributions that are installed for one test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.composition.support import Install


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield Install(tmp_path)
    for name in set(sys.modules) - before:
        if name.startswith("installed_"):
            del sys.modules[name]
