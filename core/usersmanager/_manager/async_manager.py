"""AsyncUsersManager, the asyncio client: thin, as its blocking twin in `manager.py`.

What it has beyond the twin is what asyncio asks for: it belongs to one event loop,
and it keeps the tasks of calls with callbacks until its close.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection, Coroutine, Iterable, Mapping
from types import CoroutineType, TracebackType
from typing import Any, NoReturn, Self, TypeVar, Unpack, overload

from .._flow.async_driver import drive_async
from .base import (
    Callback,
    Client,
    ManagerSettings,
    PreparedCall,
    closed,
    require_callable,
    require_issuer,
    warn_unclosed,
)
from .._composition.modes import ASYNCIO
from ..errors import LifecycleError
from .._operations.specs import Settings
from .._values.token import Secret
from .._flow.transport import AsyncTransport
from .._values.userinfo import UserInfo

__all__ = ["AsyncUsersManager"]

T = TypeVar("T")


class AsyncUsersManager:
    """The asyncio client. Tasks of one event loop may share one; use it with `async with`.

    Args:
        base_url: as for `UsersManager`, like all the others but `transport`.
        headers: header fields to send with every request.
        client_id: the client that `impersonate` acts for, unless its settings name one.
        timeout: seconds for a whole call, retries and waits included; positive.
        transport: an installed transport by name ("aiohttp" if None), or an object with
            `asend(request)` and `aclose()`, which the manager closes.
        plugins: configured instances or installed names, the first outermost.
        discover: True for every installed plugin, False for none, or their names.
        allow_insecure: allow http to any host, and an http endpoint of an https issuer.

    Raises:
        ArgumentError: an argument is not valid.
        PluginError: a transport or plugin is missing, broken or of the wrong mode.

    Example:
        ```python
        async with AsyncUsersManager("https://tenant.auth0.com") as users:
            profile = await users.get_info(access_token)
        ```
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        client_id: str | None = None,
        timeout: float = 10.0,
        transport: str | AsyncTransport | None = None,
        plugins: Iterable[object] = (),
        discover: bool | Collection[str] = True,
        allow_insecure: bool = False,
    ) -> None:
        sealed_headers = Secret(headers)
        del headers
        self._closing = self._closed = True  # Until there is something to close.
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._client: Client[AsyncTransport] = Client(
            ASYNCIO,
            base_url,
            headers=sealed_headers,
            client_id=client_id,
            timeout=timeout,
            transport=transport,
            plugins=plugins,
            discover=discover,
            allow_insecure=allow_insecure,
        )
        self._closing = self._closed = False

    @classmethod
    async def from_issuer(
        cls,
        issuer: str,
        *,
        transport: str | AsyncTransport | None = None,
        **settings: Unpack[ManagerSettings],
    ) -> Self:
        """A manager for an OpenID provider; as `UsersManager.from_issuer`, but awaited.

        Example:
            ```python
            async with await AsyncUsersManager.from_issuer(issuer) as users:
                profile = await users.get_info(access_token)
            ```
        """
        require_issuer(issuer, settings)
        users = cls(issuer, transport=transport, **settings)
        try:
            configuration = await users._perform(users._client.discover())
            users._client = users._client.configured(configuration, issuer)
        except BaseException:
            await users.aclose()
            raise
        return users

    @overload
    def get_info(
        self,
        access_token: str,
        callback: None = None,
        *,
        timeout: float | None = None,
        expected_subject: str | None = None,
    ) -> Coroutine[Any, Any, UserInfo]: ...

    @overload
    def get_info(
        self,
        access_token: str,
        callback: Callback[UserInfo],
        *,
        timeout: float | None = None,
        expected_subject: str | None = None,
    ) -> None: ...

    def get_info(
        self,
        access_token: str,
        callback: Callback[UserInfo] | None = None,
        *,
        timeout: float | None = None,
        expected_subject: str | None = None,
    ) -> Coroutine[Any, Any, UserInfo] | None:
        """Fetches the profile behind an access token: `GET {base_url}/userinfo`.

        As `UsersManager.get_info`, but awaited. Bad arguments raise at the call already,
        not at the await. With a callback a task is started, and None returned; the
        manager awaits the task at its close. A callback may be a coroutine function.

        Example:
            `profile = await users.get_info(token, expected_subject="auth0|123")`
        """
        secret: Secret[object] = Secret(access_token)
        del access_token
        self._require_usable(callback)
        return self._answer(self._client.get_info(secret, timeout, expected_subject), callback)

    @overload
    def impersonate(
        self,
        user_id: str,
        settings: Mapping[str, Any],
        callback: None = None,
        *,
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, str]: ...

    @overload
    def impersonate(
        self,
        user_id: str,
        settings: Mapping[str, Any],
        callback: Callback[str],
        *,
        timeout: float | None = None,
    ) -> None: ...

    def impersonate(
        self,
        user_id: str,
        settings: Mapping[str, Any],
        callback: Callback[str] | None = None,
        *,
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, str] | None:
        """Asks for a link that logs in as a user, once: `POST {base_url}/users/{id}/impersonate`.

        As `UsersManager.impersonate`, but awaited; for callbacks see `get_info`.

        Example:
            `link = await users.impersonate("auth0|123", settings)`
        """
        sealed = Settings(Secret(settings))
        del settings
        self._require_usable(callback)
        return self._answer(self._client.impersonate(user_id, sealed, timeout), callback)

    def _answer(
        self, call: PreparedCall[T], callback: Callback[T] | None
    ) -> Coroutine[Any, Any, T] | None:
        if callback is None:
            coroutine = self._perform(call)
            # What Python's warning calls a coroutine that nobody awaited.
            assert isinstance(coroutine, CoroutineType)  # noqa: S101 - an async def makes it.
            coroutine.__qualname__ = f"AsyncUsersManager.{call.spec.name}"
            return coroutine
        self._enter_loop()
        task = asyncio.get_running_loop().create_task(self._report(call, callback))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return None

    async def _report(self, call: PreparedCall[T], callback: Callback[T]) -> None:
        # Popped, not named: what the callback raises shows the variables of this frame.
        results: list[T] = []
        errors: list[Exception] = []
        cancelled: asyncio.CancelledError | None = None
        try:
            results.append(await self._perform(call))
        except asyncio.CancelledError as cancellation:
            cancelled = cancellation
            errors.append(LifecycleError("the call was cancelled", operation=call.spec.name))
        except Exception as error:
            errors.append(error)
        try:
            returned = callback(
                errors.pop() if errors else None, results.pop() if results else None
            )
            if isinstance(returned, Awaitable):
                await returned
        except Exception as error:
            context = {"message": "a users manager callback raised", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)
        if cancelled is not None:
            raise cancelled

    async def _perform(self, call: PreparedCall[T]) -> T:
        self._enter_loop()
        if self._closed:
            raise closed(self)
        flow, deadline = call.start()
        return await drive_async(flow, self._client.composition.transport, deadline)

    def _enter_loop(self) -> None:
        """Belongs to the first event loop it is used in, as its connections do."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            loop = None
        if loop is None:
            raise LifecycleError("AsyncUsersManager needs a running event loop")
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise LifecycleError(
                "this AsyncUsersManager belongs to another event loop: make one inside each"
                " asyncio.run(...)"
            )

    def _require_usable(self, callback: object) -> None:
        require_callable(callback)
        if self._closing:
            raise closed(self)

    async def aclose(self) -> None:
        """Awaits the calls with callbacks, then closes the transport. May be called twice."""
        self._enter_loop()
        if self._closing:
            return
        self._closing = True
        # A callback may itself close the manager: its own task is not waited for.
        while waiting := self._tasks - {asyncio.current_task()}:
            await asyncio.wait(waiting)
        self._closed = True
        await self._client.composition.transport.aclose()

    async def __aenter__(self) -> Self:
        if self._closing:
            raise closed(self)
        self._enter_loop()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __enter__(self) -> NoReturn:
        raise LifecycleError("AsyncUsersManager is asyncio: use `async with`, or UsersManager")

    def __exit__(self, *exit_details: object) -> None: ...

    def __del__(self) -> None:
        if not getattr(self, "_closing", True) and self._loop is not None:
            warn_unclosed(self, "async with")

    def __repr__(self) -> str:
        # A traceback shows a manager too that could not be made.
        return (
            self._client.did_you_mean("AsyncUsersManager")
            if hasattr(self, "_client")
            else "<AsyncUsersManager, not made>"
        )
