"""AsyncUsersManager, the asyncio client.

Unlike `UsersManager`, it runs calls with callbacks in tasks, and awaits them in `aclose`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Mapping
from types import CoroutineType, TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar, Unpack, overload

from .._composition.modes import ASYNC
from .._flow.async_driver import drive_async
from .._flow.observers import aclose_all
from .._flow.running import is_in_trio
from .._flow.transport import AsyncTransport
from .._operations.discover import discover
from .._operations.impersonate import SealedSettings
from .._operations.impersonation_settings import ImpersonationSettings
from .._operations.operation import Operation
from .._values.token import Secret
from .._values.userinfo import UserInfo
from ..errors import LifecycleError
from .base import BaseUsersManager
from .callback_tasks import CallbackTasks
from .callbacks import Callback
from .coroutine_functions import mark_coroutine_function
from .options import ManagerOptions, UserinfoMethod, check_issuer
from .pending import PendingManager
from .prepared_call import PreparedCall

__all__ = ["AsyncUsersManager"]

T = TypeVar("T")

_NO_EVENT_LOOP = "AsyncUsersManager needs a running event loop"
_NO_ASYNCIO_IN_TRIO = (
    "AsyncUsersManager needs asyncio, but trio is running: use UsersManager in a thread, as in"
    " `await trio.to_thread.run_sync(users.get_info, token)`"
)


class AsyncUsersManager(BaseUsersManager[AsyncTransport]):
    """Asyncio client. Use it in an ``async with`` statement.

    Tasks may share it. So may event loops, one after another or concurrently in several threads:
    each loop has its own connections. Custom transports and plugins must support this, too.

    Args:
        base_url: the URL of the API, such as "https://tenant.auth0.com": https, or http for
            loopback. For an OpenID provider, the part before "/userinfo".
        headers: header fields for every request.
        client_id: the client for ``impersonate``, unless its settings contain one.
        timeout: the seconds that a call may take, including retries and waits. None is an error,
            because every call needs a limit.
        transport: the name of an installed transport ("aiohttp" if None), or an object with
            ``asend(request)`` and `aclose()`. The manager closes it.
        plugins: instances or installed names, the outermost first. An instance replaces the
            discovered plugin with the same name.
        discover: True for every discovered plugin, False for none, or their names. Optional
            plugins are not discovered.
        allow_insecure: allow http for every host, and an http endpoint for an https issuer. Tokens
            are then sent unencrypted.
        endpoints: the URLs of endpoints by their name in the metadata of providers, such as
            ``{"userinfo_endpoint": url}`` for one that isn't ``{base_url}/userinfo``. They are
            requested exactly as written, on any host, even if the configuration of the issuer
            names others.
        userinfo_method: "GET", or "POST" for a provider that accepts nothing else. The body of the
            POST is empty, and it is retried like a GET.

    Raises:
        ArgumentError: an argument is invalid.
        PluginError: a transport or plugin is missing, broken or for the other mode.

    Example::

        async with AsyncUsersManager("https://tenant.auth0.com") as users:
            profile = await users.get_info(access_token)
    """

    _mode = ASYNC

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        client_id: str | None = None,
        timeout: float = 10.0,
        transport: str | AsyncTransport | None = None,
        plugins: Collection[object] = (),
        discover: bool | Collection[str] = True,
        allow_insecure: bool = False,
        endpoints: Mapping[str, str] | None = None,
        userinfo_method: UserinfoMethod = "GET",
    ) -> None:
        # A URL may contain a password or a key by mistake.
        sealed_url, sealed_headers = Secret(base_url), Secret(headers)
        sealed_endpoints = Secret(endpoints)
        del base_url, headers, endpoints
        self._is_closed = False
        self._is_used = False
        self._callback_tasks = CallbackTasks()
        super().__init__(
            sealed_url,
            headers=sealed_headers,
            client_id=client_id,
            timeout=timeout,
            transport=transport,
            plugins=plugins,
            discover=discover,
            allow_insecure=allow_insecure,
            endpoints=sealed_endpoints,
            userinfo_method=userinfo_method,
        )

    @classmethod
    @mark_coroutine_function
    def from_issuer(
        cls,
        issuer: str,
        *,
        transport: str | AsyncTransport | None = None,
        **options: Unpack[ManagerOptions],
    ) -> PendingManager[Self]:
        """Create a manager for an OpenID provider. See `UsersManager.from_issuer`.

        Returns:
            The manager, once it is awaited. An ``async with`` statement also closes it.

        Example::

            async with AsyncUsersManager.from_issuer(issuer) as users:
                profile = await users.get_info(access_token)
        """
        sealed_issuer, sealed_options = Secret(issuer), Secret(options)
        del issuer, options
        return PendingManager(
            cls._from_issuer(sealed_issuer, transport, sealed_options),
            "AsyncUsersManager.from_issuer",
        )

    @classmethod
    async def _from_issuer(
        cls,
        sealed: Secret[str],
        transport: str | AsyncTransport | None,
        options: Secret[ManagerOptions],
    ) -> Self:
        check_issuer(sealed, options)
        issuer = sealed.reveal()  # A valid one contains no password.
        users = cls(issuer, transport=transport, **options.reveal())
        try:
            configuration = await users.call(discover(issuer))
            users._use_configuration(configuration, issuer)
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

    @mark_coroutine_function
    def get_info(
        self,
        access_token: str,
        callback: Callback[UserInfo] | None = None,
        *,
        timeout: float | None = None,
        expected_subject: str | None = None,
    ) -> Coroutine[Any, Any, UserInfo] | None:
        """Fetch the profile of the user who owns an access token.

        See `UsersManager.get_info`. ArgumentError and LifecycleError are raised by the method,
        before the result is awaited. With a callback, which may be a coroutine function, the call
        runs in a task, and the method returns None; `aclose` awaits the task. The callback gets the
        errors of this library. Any other exception is passed to the event loop's exception handler.

        Example::

            profile = await users.get_info(token, expected_subject="auth0|123")
        """
        secret: Secret[object] = Secret(access_token)
        del access_token
        call = self._prepare_get_info(secret, callback, timeout, expected_subject)
        return self._dispatch(call, callback)

    @overload
    def impersonate(
        self,
        user_id: str,
        settings: ImpersonationSettings | Mapping[str, Any],
        callback: None = None,
        *,
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, str]: ...

    @overload
    def impersonate(
        self,
        user_id: str,
        settings: ImpersonationSettings | Mapping[str, Any],
        callback: Callback[str],
        *,
        timeout: float | None = None,
    ) -> None: ...

    @mark_coroutine_function
    def impersonate(
        self,
        user_id: str,
        settings: ImpersonationSettings | Mapping[str, Any],
        callback: Callback[str] | None = None,
        *,
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, str] | None:
        """Request a one-time link that logs in as a user.

        See `UsersManager.impersonate`, and ``get_info`` for errors and callbacks.

        Example::

            link = await users.impersonate("auth0|123", settings)
        """
        sealed = SealedSettings(Secret(settings))
        del settings
        call = self._prepare_impersonate(user_id, sealed, callback, timeout)
        return self._dispatch(call, callback)

    @overload
    def call(
        self,
        operation: Operation[T],
        callback: None = None,
        *,
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, T]: ...

    @overload
    def call(
        self,
        operation: Operation[T],
        callback: Callback[T],
        *,
        timeout: float | None = None,
    ) -> None: ...

    @mark_coroutine_function
    def call(
        self,
        operation: Operation[T],
        callback: Callback[T] | None = None,
        *,
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, T] | None:
        """Perform an operation.

        See `UsersManager.call`, and `get_info` for errors and callbacks.

        Example::

            roles = await users.call(list_roles("auth0|1", token=api_token))
        """
        return self._dispatch(self._prepare_call(operation, callback, timeout), callback)

    def _dispatch(
        self, call: PreparedCall[T], callback: Callback[T] | None
    ) -> Coroutine[Any, Any, T] | None:
        if callback is None:
            coroutine = self._perform(call)
            # Python warns with this name if the coroutine is never awaited.
            assert isinstance(coroutine, CoroutineType)  # noqa: S101 - for the type.
            coroutine.__qualname__ = f"AsyncUsersManager.{call.name}"
            return coroutine
        self._require_usable_now(call)
        self._callback_tasks.start(lambda: self._perform(call), callback, call.add_context)
        return None

    async def _perform(self, call: PreparedCall[T]) -> T:
        self._require_usable_now(call)
        flow, deadline = call.start()
        return await drive_async(flow, self._composition.transport, deadline)

    def _require_usable_now(self, call: PreparedCall[Any]) -> None:
        """Check that there is an event loop, and that the manager is not closed."""
        try:
            self._require_event_loop()
            if self._is_closed:
                raise self._closed_error()
        except LifecycleError as error:
            call.add_context(error)
            raise

    def _require_event_loop(self) -> None:
        if asyncio._get_running_loop() is None:
            raise LifecycleError(_NO_ASYNCIO_IN_TRIO if is_in_trio() else _NO_EVENT_LOOP)
        self._is_used = True

    async def aclose(self) -> None:
        """Await the calls with callbacks, then close the transport and the plugins.

        Only calls in the running event loop are awaited. A cancellation ends that wait, and the
        transport and the plugins are still closed. Later calls raise LifecycleError; closing again
        has no effect.

        Raises:
            Exception: the first exception raised by the transport or a plugin, after closing all.
        """
        self._require_event_loop()
        if not self._stop():
            return
        try:
            await self._callback_tasks.wait()
        finally:  # A cancellation ends the wait, but must leave no connection open.
            self._is_closed = True
            await aclose_all(self._closers())

    async def __aenter__(self) -> Self:
        if not self._is_open:
            raise self._closed_error()
        self._require_event_loop()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    # Hidden from type checkers, which then report the mistake.
    if not TYPE_CHECKING:

        def __enter__(self) -> NoReturn:
            raise LifecycleError("AsyncUsersManager is async: use `async with`, or UsersManager")

        def __exit__(self, *exit_details: object) -> None: ...

    def __del__(self) -> None:
        if getattr(self, "_is_open", False) and self._is_used:
            self._warn_unclosed("async with")
