"""Without the extra `cache`, only a shared store fails, and says how to install it."""

from __future__ import annotations

import sys

import pytest

from usersmanager.plugins import MissingExtraError
from usersmanager_cache import Cache, RedisStore


def test_a_store_says_how_to_install_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("shared", "sealing"):
        monkeypatch.delitem(sys.modules, f"usersmanager_cache.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    store = RedisStore.from_url("redis://127.0.0.1:1/0")
    with pytest.raises(MissingExtraError, match=r"needs cryptography: .*'usersmanager\[cache\]'$"):
        Cache(store=store, secret=b"0" * 16)
    assert Cache().stats.entries == 0
