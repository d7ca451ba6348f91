"""UsersManager, the blocking client.

The token is sealed in the first statement of each method, so that no traceback through these
frames can show it.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable, Mapping
from types import TracebackType
from typing import Any, NoReturn, Self, TypeVar, Unpack, overload

from .._composition.modes import SYNC
from .._flow.sync_driver import drive
from .._flow.transport import Transport
from .._operations.arguments import SealedSettings
from .._values.token import Secret
from .._values.urls import parse_base_url
from .._values.userinfo import UserInfo
from ..errors import LifecycleError
from .base import BaseUsersManager, ManagerOptions, PreparedCall, is_in_event_loop
from .callbacks import Callback, call_back, require_callable

__all__ = ["UsersManager"]

T = TypeVar("T")


class UsersManager(BaseUsersManager[Transport]):
    """Blocking client. Threads may share it. Use it with `with`, or call `close`.

    Args:
        base_url: where the API is: "https://tenant.auth0.com". https, or http for
            loopback. For an OpenID provider, what comes before "/userinfo".
        headers: header fields to send with every request.
        client_id: the client that `impersonate` acts for, unless its settings name one.
        timeout: seconds for a whole call, retries and waits included; positive.
        transport: an installed transport by name ("urllib3" if None), or an object with
            `send(request)` and `close()`, which the manager closes.
        plugins: configured instances or installed names, the first outermost. An instance
            stands in for the discovered plugin of its name.
        discover: True for every installed plugin, False for none, or their names.
        allow_insecure: allow http to any host, and an http endpoint of an https issuer. Tokens
            then cross the network in the clear.

    Raises:
        ArgumentError: an argument is not valid.
        PluginError: a transport or plugin is missing, broken or of the wrong mode.

    Example:
        ```python
        with UsersManager("https://tenant.auth0.com") as users:
            profile = users.get_info(access_token)
        ```
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
        plugins: Iterable[object] = (),
        discover: bool | Collection[str] = True,
        allow_insecure: bool = False,
    ) -> None:
        sealed_headers = Secret(headers)
        del headers
        self._has_warned = False
        super().__init__(
            base_url,
            headers=sealed_headers,
            client_id=client_id,
            timeout=timeout,
            transport=transport,
            plugins=plugins,
            discover=discover,
            allow_insecure=allow_insecure,
        )

    @classmethod
    def from_issuer(
        cls,
        issuer: str,
        *,
        transport: str | Transport | None = None,
        **options: Unpack[ManagerOptions],
    ) -> Self:
        """Create a manager for an OpenID provider, from its configuration document.

        It reads `{issuer}/.well-known/openid-configuration` through the same transport and
        plugins, and uses the `userinfo_endpoint` in it, whatever its host.

        Args:
            issuer: the issuer exactly as the provider writes it, such as
                "https://accounts.example.com" or "https://tenant.auth0.com/".
            transport: as in the constructor.
            options: as in the constructor.

        Raises:
            ArgumentError: the issuer is not a URL that is https or loopback.
            APIError: the provider has no such document.
            TransportError: no complete answer came.
            DecodeError: the document is of another issuer, has no usable endpoint, or names an
                http endpoint although the issuer is https.

        Example:
            ```python
            with UsersManager.from_issuer("https://accounts.example.com") as users:
                profile = users.get_info(access_token)
            ```

        Source: OpenID Connect Discovery 1.0, section 4.
        """
        parse_base_url(issuer, allow_insecure=options.get("allow_insecure", False), field="issuer")
        users = cls(issuer, transport=transport, **options)
        try:
            configuration = users._perform(users._prepare_discover())
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
        """Fetch the profile behind an access token: `GET {base_url}/userinfo`.

        Args:
            access_token: a bearer token with the scope "openid" (RFC 6750).
            callback: called exactly once with `(error, None)` or `(None, profile)`;
                the method itself then returns None.
            timeout: seconds for this call, in place of the constructor's.
            expected_subject: the `sub` the profile must have, as in the ID token.

        Returns:
            The profile, a dict of claims with typed properties.

        Raises:
            ArgumentError: an argument is not valid. Raised at the call, callback or not.
            LifecycleError: the manager is closed. Raised at the call, callback or not.
            APIError: the server refused; `UnauthorizedError` for a bad token.
            TransportError: no complete answer came.
            DecodeError: the answer is no profile; `SubjectMismatchError` for another's.

        Example:
            `users.get_info(token, expected_subject="auth0|123").email`

        Source: OpenID Connect Core 1.0, section 5.3; Auth0 Authentication API,
        "Get User Info".
        """
        secret: Secret[object] = Secret(access_token)
        del access_token
        self._require_usable(callback)
        return self._answer(self._prepare_get_info(secret, timeout, expected_subject), callback)

    @overload
    def impersonate(
        self,
        user_id: str,
        settings: Mapping[str, Any],
        callback: None = None,
        *,
        timeout: float | None = None,
    ) -> str: ...

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
    ) -> str | None:
        """Ask for a link that can be used once to log in as a user.

        `POST {base_url}/users/{user_id}/impersonate`.

        Args:
            user_id: the user to log in as, such as "auth0|123".
            settings: `impersonator_id` (who logs in), `protocol` ("oauth2", "samlp",
                "wsfed", "wsfed-rms"), `token` (an API token); optional `client_id`
                (default: the constructor's) and `additional_parameters` (a mapping). The
                last two may be written `clientId` and `additionalParameters`.
            callback: called exactly once with `(error, None)` or `(None, link)`; the
                method itself then returns None.
            timeout: seconds for this call, in place of the constructor's.

        Returns:
            The link. It is a credential: whoever opens it first is logged in.

        Raises:
            ArgumentError: an argument is not valid. Raised at the call, callback or not.
            LifecycleError: the manager is closed. Raised at the call, callback or not.
            APIError: the server refused.
            TransportError: no complete answer came. If its `phase` is "unknown", a link
                may have been made; the request is never repeated then.
            DecodeError: the answer is no link.

        Example:
            ```python
            link = users.impersonate(
                "auth0|123",
                {"impersonator_id": "auth0|9", "protocol": "oauth2", "token": api_token},
            )
            ```

        Source: Auth0 Authentication API, "Impersonation" (legacy); node-auth0's
        `auth.UsersManager.impersonate`.
        """
        sealed = SealedSettings(Secret(settings))
        del settings
        self._require_usable(callback)
        return self._answer(self._prepare_impersonate(user_id, sealed, timeout), callback)

    def _answer(self, call: PreparedCall[T], callback: Callback[T] | None) -> T | None:
        if callback is None:
            return self._perform(call)
        call_back(lambda: self._perform(call), callback)
        return None

    def _perform(self, call: PreparedCall[T]) -> T:
        if not self._has_warned and is_in_event_loop():
            self._has_warned = True
            warnings.warn(
                "a UsersManager call blocks the event loop that runs here: use AsyncUsersManager,"
                " or asyncio.to_thread",
                RuntimeWarning,
                stacklevel=4,
            )
        flow, deadline = call.start()
        return drive(flow, self._composition.transport, deadline)

    def _require_usable(self, callback: object) -> None:
        require_callable(callback)
        if not self._is_open:
            raise self._closed_error()

    def close(self) -> None:
        """Close the transport. May be called twice; calls after it raise LifecycleError."""
        if self._is_open:
            self._is_open = False
            self._composition.transport.close()

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

    async def __aenter__(self) -> NoReturn:
        raise LifecycleError("UsersManager is sync: use `with`, or AsyncUsersManager")

    async def __aexit__(self, *exit_details: object) -> None: ...

    def __del__(self) -> None:
        if getattr(self, "_is_open", False):
            self._warn_unclosed("with")
