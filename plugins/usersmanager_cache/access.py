"""StoreAccess: call a store of either style; a failure is a result, not an exception."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Final
from weakref import WeakKeyDictionary

from usersmanager import DeadlineExceededError, PluginError
from usersmanager.plugins import Flow, Secret, run

from .health import StoreHealth
from .interruption import is_interruption
from .stores import check_store, missing_style_error

__all__ = ["UNAVAILABLE", "StoreAccess"]

# The result of a method that failed, is not called because the store is left alone, or is optional
# and missing.
UNAVAILABLE: Final = object()

# Per event loop. A burst of calls then needs few connections; the time that a call waits for its
# turn does not count against the store; and if the store hangs, the rest of the burst skips it.
_CONCURRENT_CALLS = 32


class StoreAccess:
    """Calls the methods of a store.

    Args:
        store: a `Store`, an `AsyncStore`, or both in one object.
        on_error: called without arguments whenever the store fails.

    Raises:
        ArgumentError: the store is not one.
    """

    def __init__(self, store: object, on_error: Callable[[], object]) -> None:
        sealed: Secret[Any] = Secret(store)
        del store  # It may be a client, whose repr shows a password.
        check_store(sealed)
        self._store: Any = sealed.reveal()
        self._health = health = StoreHealth(on_error)
        self._parts = {
            "get": health.reading,
            "set": health.writing,
            "add": health.writing,
            "delete": health.deleting,
        }
        self._slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]
        self._slots = WeakKeyDictionary()

    def call(self, method: str, *arguments: object) -> Flow[Any]:
        """Call a method of the store, and return its result or UNAVAILABLE.

        Args:
            method: the name of a method of a `Store`; in async code, ``a`` is put in front of it.
            arguments: its arguments.

        Raises:
            PluginError: raised by ``yield from``; the store lacks the style of the manager.
        """
        part = self._parts[method]
        try:
            result = yield from run(
                sync=lambda: self._call(method, arguments),
                async_=lambda: self._acall(method, arguments),
            )
            if result is UNAVAILABLE:
                return result
            if method == "get" and not isinstance(result, bytes | None):
                raise TypeError
        except (DeadlineExceededError, PluginError):  # They come from the driver.
            raise
        except BaseException as caught:
            if isinstance(caught, Exception) and not is_interruption(caught):
                self._health.failed(part, caught)
                return UNAVAILABLE
            # An interruption passes, but without the frames of a client, which show a password.
            caught.__cause__ = caught.__context__ = None
            raise caught.with_traceback(None)  # noqa: B904 - the same error, not another.
        self._health.succeeded(part)
        return result

    def _call(self, method: str, arguments: tuple[object, ...]) -> object:
        function = self._find(method, is_async=False)
        return UNAVAILABLE if function is None else function(*arguments)

    async def _acall(self, method: str, arguments: tuple[object, ...]) -> object:
        slots = asyncio.Semaphore(_CONCURRENT_CALLS)
        async with self._slots.setdefault(asyncio.get_running_loop(), slots):
            function = self._find(method, is_async=True)
            return UNAVAILABLE if function is None else await function(*arguments)

    def _find(self, method: str, *, is_async: bool) -> Callable[..., Any] | None:
        """Return the function of the store; None if it is optional and missing, or left alone."""
        name = f"a{method}" if is_async else method
        function: Callable[..., Any] | None = getattr(self._store, name, None)
        if function is None and method != "add":
            raise missing_style_error(is_async=is_async)
        return function if self._health.may_try(self._parts[method]) else None

    def close(self) -> None:
        """Close the idle connections of a store that has ``close_idle``."""
        close_idle = getattr(self._store, "close_idle", None)
        if close_idle is not None:
            with contextlib.suppress(Exception):
                close_idle()

    async def aclose(self) -> None:
        """Close the idle connections of a store that has ``aclose_idle``."""
        close_idle = getattr(self._store, "aclose_idle", None)
        if close_idle is not None:
            with contextlib.suppress(Exception):
                await close_idle()
