"""SharedEntries: the entries in a store that processes share. A failing store is a miss."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Sequence

from usersmanager import ArgumentError
from usersmanager.plugins import Flow, Secret, sleep

from .access import UNAVAILABLE, StoreAccess
from .sealing import MAX_CONTENT, Seal
from .secrets import split_secrets
from .stores import AsyncStore, Store

__all__ = ["SharedEntries"]

_LOCK_SECONDS = 1.0
_SHORTEST_WAIT, _LONGEST_WAIT = 0.02, 0.1
_RANDOM = random.SystemRandom()


class SharedEntries:
    """The entries of a cache in a store that processes share.

    The methods return flows, except for ``close`` and ``aclose``. A flow raises no error of the
    store. It raises a PluginError if the store does not have the style of the manager, and whatever
    ends the call, such as a DeadlineExceededError. A key is a digest of 32 bytes.

    Args:
        store: a `Store`, an `AsyncStore`, or both in one object.
        secret: 16 bytes or more, or a sequence of such. The first seals new entries; an entry
            that any of them has sealed can be read.
        namespace: what the names in the store start with; checked by the cache.
        on_error: called without arguments whenever the store fails.

    Raises:
        ArgumentError: an argument is invalid, or only one of ``store`` and ``secret`` is given.
    """

    def __init__(
        self,
        store: Store | AsyncStore | None,
        secret: bytes | Sequence[bytes] | None,
        namespace: str,
        on_error: Callable[[], object],
    ) -> None:
        sealed, sealed_store = Secret(secret), Secret(store)
        del secret, store  # A traceback shows local variables.
        if sealed_store.reveal() is None:
            raise ArgumentError("secret needs a store: pass store=RedisStore.from_url(...)")
        self._secrets = split_secrets(sealed)
        self._namespace = namespace
        self._access = StoreAccess(sealed_store.reveal(), on_error)
        self._id = os.urandom(16).hex()

    def get(self, key: bytes) -> Flow[bytes | None]:
        """Return an entry, or None if there is none that can be read."""
        return self._get(Secret(key))

    def _get(self, key: Secret[bytes]) -> Flow[bytes | None]:
        for secret in self._secrets:
            seal = Seal(secret, key, self._namespace)
            sealed = yield from self._access.call("get", seal.name)
            if sealed is UNAVAILABLE:
                return None
            content = None if sealed is None else seal.open(sealed)
            if content is not None:
                return content.reveal()
        return None

    def put(self, key: bytes, content: bytes, ttl: float) -> Flow[None]:
        """Set an entry, unless it is too long.

        Args:
            key: the key.
            content: the entry; it is sealed.
            ttl: its lifetime in seconds.
        """
        return self._put(Secret(key), Secret(content), ttl)

    def _put(self, key: Secret[bytes], content: Secret[bytes], ttl: float) -> Flow[None]:
        if ttl > 0 and len(content.reveal()) <= MAX_CONTENT:
            seal = Seal(self._secrets[0], key, self._namespace)
            yield from self._access.call("set", seal.name, seal.seal(content), ttl)

    def delete(self, key: bytes) -> Flow[bool]:
        """Delete the entries that any secret has sealed, and return whether that succeeded."""
        return self._delete(Secret(key))

    def _delete(self, key: Secret[bytes]) -> Flow[bool]:
        for secret in self._secrets:
            name = Seal(secret, key, self._namespace).name
            if (yield from self._access.call("delete", name)) is UNAVAILABLE:
                return False
        return True

    def acquire(self, key: bytes, patience: float = _LOCK_SECONDS) -> Flow[bool]:
        """Wait for the lock of an entry, which one of all processes has, for at most a second.

        It expires a second later. Without a working store, or if the store has no ``add``, nobody
        waits.

        Args:
            key: the key.
            patience: the seconds to wait, if less than one.

        Returns:
            False if another process still has it.
        """
        return self._acquire(Secret(key), time.monotonic() + min(patience, _LOCK_SECONDS))

    def _acquire(self, key: Secret[bytes], end: float) -> Flow[bool]:
        name = self._lock_name(key)
        while not (yield from self._access.call("add", name, self._owner(), _LOCK_SECONDS)):
            wait = _RANDOM.uniform(_SHORTEST_WAIT, _LONGEST_WAIT)
            if time.monotonic() + wait > end:
                return False
            yield from sleep(wait)
        return True

    def release(self, key: bytes) -> Flow[None]:
        """Release the lock of an entry, unless another process has it."""
        return self._release(Secret(key))

    def _release(self, key: Secret[bytes]) -> Flow[None]:
        name = self._lock_name(key)
        if (yield from self._access.call("get", name)) == self._owner():
            yield from self._access.call("delete", name)

    def _lock_name(self, key: Secret[bytes]) -> str:
        return f"{Seal(self._secrets[0], key, self._namespace).name}:lock"

    def _owner(self) -> bytes:
        return f"{self._id}-{os.getpid()}".encode()  # A forked process is another owner.

    def close(self) -> None:
        """Close the idle connections that the store has opened. It opens others when needed."""
        self._access.close()

    async def aclose(self) -> None:
        """Close the idle connections that the store has opened in the running event loop."""
        await self._access.aclose()
