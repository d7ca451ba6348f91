"""PendingManager, the awaitable result of `AsyncUsersManager.from_issuer`."""

from __future__ import annotations

import inspect
from collections.abc import Coroutine, Generator
from contextlib import AbstractAsyncContextManager
from types import CoroutineType, TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from ..errors import LifecycleError

__all__ = ["PendingManager"]

ManagerT = TypeVar("ManagerT", bound=AbstractAsyncContextManager[Any])


class PendingManager(Coroutine[Any, Any, ManagerT]):
    """A manager to be created. Await it once, or use it in an ``async with`` statement.

    It is a coroutine: asyncio.run, create_task, gather and wait_for accept it.

    Args:
        coroutine: creates the manager.
        name: the function that returns the coroutine, for warnings and for the repr of a task.

    Example::

        async with AsyncUsersManager.from_issuer(issuer) as users:
            profile = await users.get_info(access_token)
    """

    def __init__(self, coroutine: Coroutine[Any, Any, ManagerT], name: str) -> None:
        assert isinstance(coroutine, CoroutineType)  # noqa: S101 - for the type.
        coroutine.__qualname__ = self.__qualname__ = name
        self._coroutine = coroutine
        self._manager: ManagerT | None = None

    def __await__(self) -> Generator[Any, Any, ManagerT]:
        return self._coroutine.__await__()

    def send(self, value: Any, /) -> Any:
        """Resume the coroutine; see ``collections.abc.Coroutine``."""
        return self._coroutine.send(value)

    def throw(self, *exception: Any) -> Any:
        """Raise an exception inside the coroutine; see ``collections.abc.Coroutine``."""
        return self._coroutine.throw(*exception)

    def close(self) -> None:
        """End the coroutine, not the manager; see ``collections.abc.Coroutine``."""
        self._coroutine.close()

    async def __aenter__(self) -> ManagerT:
        """Create the manager.

        Raises:
            LifecycleError: it has already been awaited or entered.
            UsersManagerError: see ``from_issuer``.
        """
        if inspect.getcoroutinestate(self._coroutine) != inspect.CORO_CREATED:
            raise LifecycleError(f"{self.__qualname__}(...) was used before: call it again")
        self._manager = await self._coroutine
        await self._manager.__aenter__()
        return self._manager

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the manager."""
        if self._manager is not None:
            await self._manager.__aexit__(kind, error, trace)

    # Hidden from type checkers, which then report the mistake.
    if not TYPE_CHECKING:

        def __enter__(self) -> NoReturn:
            raise LifecycleError(f"{self.__qualname__}(...) is async: use `async with`")

        def __exit__(self, *exit_details: object) -> None: ...
