"""A store and its secret are checked when the cache is constructed."""

from __future__ import annotations

from typing import Any

import pytest
from tests.plugins.cache.support import SECRET, DictStore, shown_by

from usersmanager import ArgumentError
from usersmanager_cache import Cache


def error_of(**changes: Any) -> ArgumentError:
    arguments = {"store": DictStore(), "secret": SECRET, **changes}
    with pytest.raises(ArgumentError) as caught:
        Cache(**arguments)
    return caught.value


class OnlyGet:
    def get(self, name: str) -> None: ...


class AsyncGet(DictStore):
    async def get(self, name: str) -> bytes | None:  # type: ignore[override]
        return None


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        (None, "store needs a secret"),
        ("0123456789abcdef", "secret must be bytes or a sequence of bytes, not str"),
        (["0123456789abcdef"], "secret must be bytes or a sequence of bytes, not str"),
        (bytearray(SECRET), "secret must be bytes or a sequence of bytes, not int"),
        ({SECRET}, "secret must be bytes or a sequence of bytes, not set"),
        (12345678, "secret must be bytes or a sequence of bytes, not int"),
        (b"0123456789abcde", "secret must have at least 16 bytes"),
        ([SECRET, b"0123456789abcde"], "secret must have at least 16 bytes"),
        ([], "secret must contain at least one secret"),
    ],
)
def test_an_invalid_secret_is_rejected_and_not_shown(secret: Any, text: str) -> None:
    error = error_of(secret=secret)
    assert text in str(error)
    assert "0123456789" not in shown_by(error)


@pytest.mark.parametrize(
    ("store", "text"),
    [
        (DictStore, "store is a class: pass an instance, DictStore(...)"),
        (object(), "store has no method get or aget: implement the protocol Store or AsyncStore"),
        (OnlyGet(), "store has no method set: implement all of get, set, delete"),
        (AsyncGet(), "store has an async method get: rename it to aget"),
        (None, "secret needs a store"),
    ],
)
def test_what_is_not_a_store_is_rejected(store: Any, text: str) -> None:
    assert text in str(error_of(store=store))


@pytest.mark.parametrize("library", ["redis", "valkey"])
def test_a_client_is_not_a_store(library: str) -> None:
    module = pytest.importorskip(library)
    client = getattr(module, library.capitalize())()
    assert "is a client: write RedisStore(client)" in str(error_of(store=client))
