"""ProviderKeys: the keys of providers, and when they are fetched (OpenID Connect Core, 10.1.1)."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Final, NamedTuple

from usersmanager import DeadlineExceededError, DecodeError, ProviderUnavailableError
from usersmanager.plugins import Flow, SingleFlight

from .key_set import KeySet

__all__ = ["Fetch", "ProviderKeys"]

_MAX_AGE: Final = 3600.0
_RENEWAL_INTERVAL: Final = 60.0
_MAX_PROVIDERS: Final = 1_000


class _Known(NamedTuple):
    """The keys of one provider. Times are in seconds of the clock."""

    keys: KeySet
    fetched: float
    renewed: float = float("-inf")


Fetch = Callable[[], Flow[KeySet]]


class ProviderKeys:
    """Fetch the keys of providers when they are needed, one call on behalf of all that wait.

    Keys are used for an hour. Before that they are fetched again if a token names none of them, at
    most once a minute for each provider; the first time does not count. Threads, event loops and
    managers may share an instance; a forked process starts with the keys that are known.

    Args:
        clock: a monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[Hashable, _Known] = {}  # Its entries are replaced as a whole.
        self._flight = SingleFlight()

    def get(self, provider: Hashable, fetch: Fetch) -> Flow[KeySet]:
        """Return the keys of a provider; fetch them if there are none yet, or they are old.

        Args:
            provider: what identifies the provider.
            fetch: returns a flow that fetches the keys.

        Raises:
            ProviderUnavailableError: raised by ``fetch``, in this or another call.
            DecodeError: the same.
        """
        known = self._known.get(provider)
        if known is not None and not self._is_old(known):
            return known.keys
        return (yield from self._flight.run(provider, lambda: self._fetch(provider, fetch)))

    def renew(self, provider: Hashable, seen: KeySet, fetch: Fetch) -> Flow[KeySet]:
        """Return newer keys than those that a call has seen, or those if there are none.

        Args:
            provider: what identifies the provider.
            seen: the result of ``get``.
            fetch: see ``get``.

        Raises:
            ProviderUnavailableError: see ``get``.
            DecodeError: see ``get``.
        """
        return self._flight.run(provider, lambda: self._refetch(provider, seen, fetch))

    def _is_old(self, known: _Known) -> bool:
        return self._clock() - known.fetched >= _MAX_AGE

    def _fetch(self, provider: Hashable, fetch: Fetch) -> Flow[KeySet]:
        known = self._known.get(provider)
        if known is not None and not self._is_old(known):  # Another call was faster.
            return known.keys
        keys = yield from fetch()
        self._keep(provider, _Known(keys, self._clock()))
        return keys

    def _refetch(self, provider: Hashable, seen: KeySet, fetch: Fetch) -> Flow[KeySet]:
        known = self._known.get(provider, _Known(seen, self._clock()))
        now = self._clock()
        if known.keys is not seen or now - known.renewed < _RENEWAL_INTERVAL:
            return known.keys
        try:
            keys = yield from fetch()
        except DeadlineExceededError:  # It concerns this call alone: the next one tries.
            raise
        except (ProviderUnavailableError, DecodeError):
            self._keep(provider, known._replace(renewed=now))
            raise
        self._keep(provider, _Known(keys, self._clock(), renewed=now))
        return keys

    def _keep(self, provider: Hashable, known: _Known) -> None:
        if len(self._known) >= _MAX_PROVIDERS and provider not in self._known:
            self._known = {}  # Threads may be reading the old one.
        self._known[provider] = known
