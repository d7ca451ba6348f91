"""UsersManager, the sync client.

Each method seals the token in its first statement, so that no traceback can show it.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar, Unpack, overload

from .._composition.modes import SYNC
from .._flow.observers import close_all
from .._flow.running import is_in_event_loop
from .._flow.sync_driver import drive
from .._flow.transport import Transport
from .._operations.discover import discover
from .._operations.impersonate import SealedSettings
from .._operations.impersonation_settings import ImpersonationSettings
from .._operations.operation import Operation
from .._values.caller import caller_stacklevel
from .._values.token import Secret
from .._values.userinfo import UserInfo
from ..errors import LifecycleError
from .base import BaseUsersManager
from .callbacks import Callback, call_back
from .options import ManagerOptions, UserinfoMethod, check_issuer
from .prepared_call import PreparedCall

__all__ = ["UsersManager"]

T = TypeVar("T")


class UsersManager(BaseUsersManager[Transport]):
    """Blocking client. Threads may share it. Use it in a ``with`` statement, or call `close`.

    Args:
        base_url: the URL of the API, such as "https://tenant.auth0.com": https, or http for
            loopback. For an OpenID provider, the part before "/userinfo".
        headers: header fields for every request.
        client_id: the client for ``impersonate``, unless its settings contain one.
        timeout: the seconds that a call may take, including retries and waits. None is an error,
            because every call needs a limit.
        transport: the name of an installed transport ("urllib3" if None), or an object with
            ``send(request)`` and `close()`. The manager closes it.
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

        with UsersManager("https://tenant.auth0.com") as users:
            profile = users.get_info(access_token)
    """

    _mode = SYNC

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        client_id: str | None = None,
        timeout: float = 10.0,
        transport: str | Transport | None = None,
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
    def from_issuer(
        cls,
        issuer: str,
        *,
        transport: str | Transport | None = None,
        **options: Unpack[ManagerOptions],
    ) -> Self:
        """Create a manager for an OpenID provider from its configuration document.

        The manager fetches ``{issuer}/.well-known/openid-configuration`` with its own transport and
        plugins, and uses the ``userinfo_endpoint`` in it, on any host.

        Args:
            issuer: the issuer exactly as the provider spells it, such as
                "https://accounts.example.com" or "https://tenant.auth0.com/".
            transport: see the constructor.
            options: see the constructor.

        Raises:
            ArgumentError: an argument is invalid.
            PluginError: a transport or plugin is missing, broken or for the other mode.
            APIError: the provider responded with an error, such as 404 if it has no such document.
            TransportError: no complete response arrived.
            DecodeError: the document is invalid, has another issuer, or has no usable endpoint,
                which must be https if the issuer is https.

        Example::

            with UsersManager.from_issuer("https://accounts.example.com") as users:
                profile = users.get_info(access_token)

        Source: OpenID Connect Discovery 1.0, section 4.
        """
        sealed_issuer, sealed_options = Secret(issuer), Secret(options)
        del issuer, options
        check_issuer(sealed_issuer, sealed_options)
        issuer = sealed_issuer.reveal()  # A valid one contains no password.
        users = cls(issuer, transport=transport, **sealed_options.reveal())
        try:
            configuration = users.call(discover(issuer))
            users._use_configuration(configuration, issuer)
        except BaseException:
            users.close()
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
    ) -> UserInfo: ...

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
    ) -> UserInfo | None:
        """Fetch the profile of the user who owns an access token.

        ``GET {base_url}/userinfo``.

        Args:
            access_token: a bearer token (RFC 6750) with the scope "openid".
            callback: a plain function, called exactly once with ``(error, None)`` or
                ``(None, profile)``. The method then returns None. It still raises the first two
                errors below, and exceptions from outside this library, without calling the
                callback.
            timeout: the seconds for this call, or None for the constructor's timeout.
            expected_subject: the subject that the profile must have, from the ID token.

        Returns:
            The profile, a dict of claims with typed properties.

        Raises:
            ArgumentError: an argument is invalid; `InvalidTokenError` if the token is a str that
                can't be an access token.
            LifecycleError: the manager is closed.
            APIError: the server responded with an error; `UnauthorizedError` for a bad token.
            TransportError: no complete response arrived.
            DecodeError: the response is not a profile; `SubjectMismatchError` for another subject.

        Example::

            users.get_info(token, expected_subject="auth0|123").email

        Source: OpenID Connect Core 1.0, section 5.3; Auth0 Authentication API,
        "Get User Info".
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
    ) -> str: ...

    @overload
    def impersonate(
        self,
        user_id: str,
        settings: ImpersonationSettings | Mapping[str, Any],
        callback: Callback[str],
        *,
        timeout: float | None = None,
    ) -> None: ...

    def impersonate(
        self,
        user_id: str,
        settings: ImpersonationSettings | Mapping[str, Any],
        callback: Callback[str] | None = None,
        *,
        timeout: float | None = None,
    ) -> str | None:
        """Request a one-time link that logs in as a user.

        ``POST {base_url}/users/{user_id}/impersonate``.

        Args:
            user_id: the user to log in as, such as "auth0|123".
            settings: `impersonator_id` (the user who logs in), ``protocol`` ("oauth2", "samlp",
                "wsfed" or "wsfed-rms") and ``token`` (an API token); optionally ``client_id`` and
                `additional_parameters` (a mapping), also spelled `clientId` and
                `additionalParameters`.
            callback: a plain function, called exactly once with ``(error, None)`` or
                ``(None, link)``. The method then returns None. It still raises the first two
                errors below, and exceptions from outside this library, without calling the
                callback.
            timeout: the seconds for this call, or None for the constructor's timeout.

        Returns:
            The link, a credential. The first person to open it is logged in.

        Raises:
            ArgumentError: an argument is invalid.
            LifecycleError: the manager is closed.
            APIError: the server responded with an error.
            TransportError: no complete response arrived. If its `sent` is True, the server may
                have created a link, and the request was not repeated.
            DecodeError: the response is not a link.

        Example::

            link = users.impersonate(
                "auth0|123",
                {"impersonator_id": "auth0|9", "protocol": "oauth2", "token": api_token},
            )

        Source: Auth0 Authentication API, "Impersonation" (legacy); node-auth0's
        ``auth.UsersManager.impersonate``.
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
    ) -> T: ...

    @overload
    def call(
        self,
        operation: Operation[T],
        callback: Callback[T],
        *,
        timeout: float | None = None,
    ) -> None: ...

    def call(
        self,
        operation: Operation[T],
        callback: Callback[T] | None = None,
        *,
        timeout: float | None = None,
    ) -> T | None:
        """Perform an operation.

        Args:
            operation: the operation: see "Operations" in the documentation.
            callback: see `get_info`.
            timeout: the seconds for this call, or None for the constructor's timeout.

        Returns:
            The result that the operation reads from the response.

        Raises:
            ArgumentError: an argument is invalid, or the endpoint of the operation is unknown or
                insecure.
            LifecycleError: the manager is closed.
            APIError: the server responded with an error.
            TransportError: no complete response arrived.
            DecodeError: the response is not what the operation expects.
            Exception: whatever else the credential or the reader of the operation raises.

        Example::

            roles = users.call(list_roles("auth0|1", token=api_token))
        """
        return self._dispatch(self._prepare_call(operation, callback, timeout), callback)

    def _dispatch(self, call: PreparedCall[T], callback: Callback[T] | None) -> T | None:
        if callback is None:
            return self._perform(call)
        call_back(lambda: self._perform(call), callback)
        return None

    def _perform(self, call: PreparedCall[T]) -> T:
        if is_in_event_loop():
            _warn_of_blocked_loop()
        flow, deadline = call.start()
        return drive(flow, self._composition.transport, deadline)

    def close(self) -> None:
        """Close the transport, then the plugins; closing again has no effect.

        Later calls raise LifecycleError.

        Raises:
            Exception: the first exception raised by the transport or a plugin, after closing all.
        """
        if self._stop():
            close_all(self._closers())

    def __enter__(self) -> Self:
        if not self._is_open:
            raise self._closed_error()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # Hidden from type checkers, which then report the mistake.
    if not TYPE_CHECKING:

        async def __aenter__(self) -> NoReturn:
            raise LifecycleError("UsersManager is sync: use `with`, or AsyncUsersManager")

        async def __aexit__(self, *exit_details: object) -> None: ...

    def __del__(self) -> None:
        if getattr(self, "_is_open", False):
            self._warn_unclosed("with")


@cache  # Once per process.
def _warn_of_blocked_loop() -> None:
    warnings.warn(
        "a UsersManager call blocks the running event loop: use AsyncUsersManager or"
        " asyncio.to_thread (in a notebook, it does no harm)",
        RuntimeWarning,
        stacklevel=caller_stacklevel(),
    )
