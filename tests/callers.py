"""One interface for calls over any transport, sync or async, one by one or concurrently."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from tests.loops import new_uvloop

from usersmanager import AsyncUsersManager, UserInfo, UsersManager
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_native import NativeTransport
from usersmanager_urllib3 import Urllib3Transport

T = TypeVar("T")

IMPERSONATION = {"impersonator_id": "boss", "client_id": "client", "protocol": "oauth2"}


class Caller(Protocol):
    """Managers for several base URLs that share one transport. Use it with `with`."""

    def get_info(self, url: str, token: str, **options: Any) -> str:
        """Return the subject of a profile."""

    def get_info_together(self, url: str, tokens: Sequence[str]) -> list[str]:
        """Return the subjects of concurrent calls."""

    def impersonate(self, url: str, token: str) -> str:
        """Return a link."""

    def idle(self, seconds: float) -> None:
        """Wait, with a running event loop if there is one."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class SyncCaller:
    """Calls from threads."""

    def __init__(self, transport: Any, **options: Any) -> None:
        self._options = options | {"transport": transport}
        self._managers: dict[str, UsersManager] = {}

    def _manager(self, url: str) -> UsersManager:
        if url not in self._managers:
            self._managers[url] = UsersManager(url, **self._options)
        return self._managers[url]

    def get_info(self, url: str, token: str, **options: Any) -> str:
        profile: UserInfo = self._manager(url).get_info(token, **options)
        return profile.sub

    def get_info_together(self, url: str, tokens: Sequence[str]) -> list[str]:
        manager = self._manager(url)
        with ThreadPoolExecutor(len(tokens)) as threads:
            return [profile.sub for profile in threads.map(manager.get_info, tokens)]

    def impersonate(self, url: str, token: str) -> str:
        return self._manager(url).impersonate("auth0|ada", IMPERSONATION | {"token": token})

    def idle(self, seconds: float) -> None:
        time.sleep(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for manager in self._managers.values():
            manager.close()


class AsyncCaller:
    """Calls from tasks of one event loop, which does not run between the calls."""

    def __init__(
        self,
        transport: Any,
        *,
        loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
        **options: Any,
    ) -> None:
        self._options = options | {"transport": transport}
        self._managers: dict[str, AsyncUsersManager] = {}
        self._runner = asyncio.Runner(loop_factory=loop_factory)

    def _run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return self._runner.run(work())

    def _manager(self, url: str) -> AsyncUsersManager:
        if url not in self._managers:
            self._managers[url] = AsyncUsersManager(url, **self._options)
        return self._managers[url]

    def get_info(self, url: str, token: str, **options: Any) -> str:
        async def call() -> str:
            profile: UserInfo = await self._manager(url).get_info(token, **options)
            return profile.sub

        return self._run(call)

    def get_info_together(self, url: str, tokens: Sequence[str]) -> list[str]:
        async def call() -> list[str]:
            manager = self._manager(url)
            profiles = await asyncio.gather(*[manager.get_info(token) for token in tokens])
            return [profile.sub for profile in profiles]

        return self._run(call)

    def impersonate(self, url: str, token: str) -> str:
        async def call() -> str:
            settings = IMPERSONATION | {"token": token}
            return await self._manager(url).impersonate("auth0|ada", settings)

        return self._run(call)

    def idle(self, seconds: float) -> None:
        self._run(lambda: asyncio.sleep(seconds))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        async def close() -> None:
            for manager in self._managers.values():
                await manager.aclose()

        self._run(close)
        self._runner.close()


@dataclass(frozen=True)
class Kind:
    """A transport and its mode.

    Attributes:
        name: the id of parametrized tests.
        transport: the transport class.
        is_async: whether it is called from an event loop.
        loop_factory: makes the event loop; None for asyncio's own.
    """

    name: str
    transport: Callable[..., Any]
    is_async: bool = False
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None

    def __str__(self) -> str:
        return self.name

    def caller(self, *, discover: bool = True, **settings: Any) -> Caller:
        """Return a new caller. `settings` are those of the transport."""
        transport = self.transport(**settings)
        # A call without a timeout of its own may take long on a busy machine.
        options: dict[str, Any] = {"discover": discover, "timeout": 60.0}
        if self.is_async:
            return AsyncCaller(transport, loop_factory=self.loop_factory, **options)
        return SyncCaller(transport, **options)


URLLIB3 = Kind("urllib3", Urllib3Transport)
NATIVE = Kind("native", NativeTransport)
AIOHTTP = Kind("aiohttp", AiohttpTransport, is_async=True)
NATIVE_ASYNC = Kind("native-async", NativeTransport, is_async=True)
AIOHTTP_UVLOOP = Kind("aiohttp-uvloop", AiohttpTransport, True, new_uvloop)
NATIVE_UVLOOP = Kind("native-uvloop", NativeTransport, True, new_uvloop)

KINDS = [URLLIB3, NATIVE, AIOHTTP, NATIVE_ASYNC]
UVLOOP_KINDS = [AIOHTTP_UVLOOP, NATIVE_UVLOOP]
