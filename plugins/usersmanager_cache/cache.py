"""The cache plugin: its settings, its hooks, and what applications call on it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from usersmanager import Request, Response
from usersmanager.plugins import (
    Flow,
    Proceed,
    Secret,
    Token,
    arun_flow,
    hookimpl,
    run_flow,
    validate_count,
    validate_seconds,
)

from . import clock
from .entries import Entries, LocalEntries, StoredEntries
from .failures import Failures
from .key import Key, Scopes, key_of
from .lookup import Lookup
from .namespace import check_namespace
from .stats import CacheStats, Counters
from .stores import AsyncStore, Store
from .visit import Outcome, Visit

__all__ = ["Cache"]


class Cache:
    """Answer ``get_info`` with a profile that was fetched shortly before.

    Only complete profiles are kept, under a hash of their token, and not after the token expires.
    If several calls need the same profile at once, one of them requests it. The revocation of a
    token is noticed up to ``max_age`` later. See "Caching" in the documentation.

    Args:
        max_age: how long a profile answers calls, in seconds, more than 0.
        stale_if_error: how much longer it does while the provider doesn't respond, or responds with
            429 or 5xx, in seconds.
        negative_max_age: how long a token is refused after the provider rejected it with
            ``invalid_token``, in seconds.
        max_entries: the maximum number of profiles in this process, 1 or more.
        namespace: separates the entries of applications or tenants that share a store or an
            instance: up to 100 printable ASCII characters.
        store: where processes share entries, such as a `RedisStore`, in place of this process.
        secret: 16 bytes or more, required with ``store``, and the same in all processes; or a
            sequence of secrets. The first one seals new entries, and all of them open entries.

    Raises:
        ArgumentError: an argument is invalid, or only one of ``store`` and ``secret`` is given.
        MissingExtraError: ``store`` is given, and cryptography is not installed (extra ``cache``).

    Example::

        UsersManager(url, plugins=["cache"])
        UsersManager(url, plugins=[Cache(max_age=120, stale_if_error=300)])
        store = RedisStore.from_url("redis://127.0.0.1:6379/0")
        UsersManager(url, plugins=[Cache(store=store, secret=secret)])
    """

    name = "cache"

    def __init__(
        self,
        *,
        max_age: float = 60.0,
        stale_if_error: float = 0.0,
        negative_max_age: float = 0.0,
        max_entries: int = 10_000,
        namespace: str = "usersmanager",
        store: Store | AsyncStore | None = None,
        secret: bytes | Sequence[bytes] | None = None,
    ) -> None:
        sealed, sealed_store = Secret(secret), Secret(store)
        # A traceback shows local variables. A client or URL given as a store may have a password.
        del secret, store
        max_age = validate_seconds("max_age", max_age)
        stale_if_error = validate_seconds("stale_if_error", stale_if_error, may_be_zero=True)
        check_namespace(namespace)
        self._namespace = str.__str__(namespace)  # A member of an Enum would be its name.
        negative_max_age = validate_seconds("negative_max_age", negative_max_age, may_be_zero=True)
        self._scopes = Scopes()
        self._counters = Counters()
        self._entries: Entries = LocalEntries(validate_count("max_entries", max_entries))
        if sealed_store.reveal() is not None or sealed.reveal() is not None:
            from .shared import SharedEntries  # It needs cryptography.

            on_error = partial(self._counters.add, "store_error")
            self._entries = StoredEntries(
                SharedEntries(sealed_store.reveal(), sealed.reveal(), self._namespace, on_error)
            )
        self._lookup = Lookup(
            self._entries,
            Failures(max_age, negative_max_age),
            max_age=max_age,
            stale_if_error=stale_if_error,
        )

    @property
    def stats(self) -> CacheStats:
        """The number of hits, misses and so on, as an immutable snapshot."""
        return self._counters.snapshot(len(self._entries))

    def forget(self, token: str | Token) -> bool:
        """Delete the profile of a token, for example when its user logs out.

        If this process is already requesting the profile, the response is not kept.

        Args:
            token: the access token.

        Returns:
            True, or False if the shared store could not be reached. In that case, the entry lives
            for up to ``max_age``, and still answers the calls of other processes.

        Raises:
            ArgumentError: it can't be an access token.

        Example::

            if not cache.forget(token): log.warning("the profile expires in a minute")
        """
        secret = Secret(token.reveal() if isinstance(token, Token) else token)
        del token
        return run_flow(self._lookup.forget(self._key(secret)))

    async def aforget(self, token: str | Token) -> bool:
        """Delete the profile of a token, in asyncio; see `forget`.

        Example::

            await cache.aforget(token)
        """
        secret = Secret(token.reveal() if isinstance(token, Token) else token)
        del token
        return await arun_flow(self._lookup.forget(self._key(secret)))

    @hookimpl
    def usersmanager_variant(self) -> str:
        """Return only a place in the order: plugins inside the cache affect what it keeps."""
        return ""

    @hookimpl
    def usersmanager_wrap_call(
        self, request: Request, proceed: Proceed
    ) -> Flow[Response] | Response:
        """Answer the call with an entry, or make the request and keep the profile."""
        # A scope has no body, and a key is of a bearer token.
        if request.operation != "get_info" or request.body or not request.token.reveal():
            return proceed(request)
        key, scope = key_of(self._namespace, request.token), self._scopes.of(request)
        entry = self._entries.peek(key)
        if entry is not None and entry.scope == scope and entry.is_fresh(clock.now()):
            self._report(request, "hit")
            return entry.response
        return self._answer(self._lookup.visit(request, key, scope), proceed)

    @hookimpl
    def usersmanager_close(self) -> None:
        """Close the idle connections of the store."""
        self._entries.close()

    @hookimpl
    async def usersmanager_aclose(self) -> None:
        """Close the idle connections of the store in this event loop."""
        await self._entries.aclose()

    def _answer(self, visit: Visit, proceed: Proceed) -> Flow[Response]:
        try:
            return (yield from self._lookup.answer(visit, proceed))
        finally:
            self._report(visit.request, visit.outcome)

    def _report(self, request: Request, outcome: Outcome) -> None:
        request.call.notes["cache"] = outcome
        self._counters.add(outcome)

    def _key(self, token: Secret[str]) -> Key:
        return key_of(self._namespace, Token(token))
