"""Shared implementation of UsersManager and AsyncUsersManager."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, TypeVar

from .._flow.shutdown import shutdown_error
from .._operations.discover import DISCOVER
from .._operations.get_info import get_info, get_info_by
from .._operations.impersonate import IMPERSONATE, SealedSettings, impersonate
from .._operations.operation import Operation, check_operation
from .._values.token import Secret
from .._values.userinfo import UserInfo
from .._values.validation import validate_seconds, validate_text
from ..errors import ArgumentError, LifecycleError, UsersManagerError
from .callbacks import check_callback
from .options import UserinfoMethod
from .prepared_call import PreparedCall
from .site import make_site, with_configuration

if TYPE_CHECKING:
    from .._composition.compose import Composition
    from .._composition.modes import Mode

__all__ = ["BaseUsersManager"]

TransportT = TypeVar("TransportT")
Result = TypeVar("Result")


class BaseUsersManager(Generic[TransportT]):
    """Hold the validated configuration, and prepare calls. Threads and tasks may share it.

    Subclasses have the public methods, and drive the prepared calls.
    """

    _mode: ClassVar[Mode]

    def __init__(
        self,
        base_url: Secret[str],
        *,
        headers: Secret[Mapping[str, str] | None],
        client_id: str | None,
        timeout: float,
        transport: str | TransportT | None,
        plugins: Collection[object],
        discover: bool | Collection[str],
        allow_insecure: bool,
        endpoints: Secret[Mapping[str, str] | None],
        userinfo_method: UserinfoMethod,
    ) -> None:
        if sys.is_finalizing():
            raise shutdown_error()
        # pluggy and importlib.metadata are slow to import, and only a constructor needs them.
        from .._composition.compose import compose

        self._is_open = False  # There is nothing to close yet.
        # The thread that acquires it closes the manager. It is never released.
        self._closing = threading.Lock()
        self._site = make_site(base_url, endpoints, headers, allow_insecure=allow_insecure)
        self._get_info = get_info_by(userinfo_method)
        validate_text("client_id", client_id)
        self._client_id = client_id
        self._timeout = validate_seconds("timeout", timeout)
        self._composition: Composition[TransportT] = compose(
            self._mode, transport, plugins, discover
        )
        self._is_open = True

    @property
    def provider(self) -> Mapping[str, Any] | None:
        """The metadata of the provider, deeply immutable; None without ``from_issuer``.

        Its arrays are tuples.

        Example::

            users.provider["scopes_supported"]

        Source: OpenID Connect Discovery 1.0, section 3; RFC 8414, section 2.
        """
        return self._site.provider

    # These methods check the arguments of a call. Nothing is sent yet.

    def _prepare_call(
        self, operation: Operation[Result], callback: object, timeout: float | None
    ) -> PreparedCall[Result]:
        check_operation(operation)
        try:
            self._require_usable(callback)
            return self._prepare(operation, timeout)
        except UsersManagerError as error:
            self._add_context(error, operation.name, operation)
            raise

    def _prepare_get_info(
        self,
        access_token: Secret[object],
        callback: object,
        timeout: float | None,
        expected_subject: str | None,
    ) -> PreparedCall[UserInfo]:
        try:
            self._require_usable(callback)
            operation = get_info(self._get_info, access_token, expected_subject)
            return self._prepare(operation, timeout)
        except UsersManagerError as error:
            self._add_context(error, self._get_info.name, self._get_info)
            raise

    def _prepare_impersonate(
        self,
        user_id: str,
        settings: SealedSettings,
        callback: object,
        timeout: float | None,
    ) -> PreparedCall[str]:
        try:
            self._require_usable(callback)
            operation = impersonate(user_id, settings, self._client_id)
            return self._prepare(operation, timeout)
        except UsersManagerError as error:
            self._add_context(error, IMPERSONATE)
            raise

    def _prepare(self, operation: Operation[Result], timeout: float | None) -> PreparedCall[Result]:
        if sys.is_finalizing():
            raise shutdown_error()
        seconds = self._timeout if timeout is None else validate_seconds("timeout", timeout)
        return PreparedCall(self, operation, operation._plan.placed_at(self._site), seconds)

    def _use_configuration(self, configuration: Mapping[str, Any], issuer: str) -> None:
        """Use the endpoints in a provider configuration; see `with_configuration`."""
        try:
            self._site = with_configuration(self._site, configuration, issuer)
        except UsersManagerError as error:
            self._add_context(error, DISCOVER)
            raise

    def _closers(self) -> list[Callable[[], object]]:
        """Return the functions that close the transport and the plugins, in this order."""
        composition = self._composition
        close_transport = getattr(composition.transport, self._mode.close)
        return [close_transport, *(hook.function for hook in composition.closing_hooks)]

    def _stop(self) -> bool:
        """Refuse further calls; return whether the caller must close the manager: the first one."""
        was_open, self._is_open = self._is_open, False
        return was_open and self._closing.acquire(blocking=False)

    def _add_context(
        self, error: UsersManagerError, name: str, operation: Operation[Any] | None = None
    ) -> None:
        """Add to an error the name of an operation, and where it would be sent."""
        origin = self._site.base_url.origin
        with suppress(ArgumentError):
            if operation is not None:
                origin = operation._plan.placed_at(self._site).origin
        error._add_context(name, origin)

    def _require_usable(self, callback: object) -> None:
        check_callback(callback, may_be_async=self._mode.name == "async")
        if not self._is_open:
            raise self._closed_error()

    def _closed_error(self) -> LifecycleError:
        return LifecycleError(f"this {type(self).__name__} is closed: create a new one")

    def _warn_unclosed(self, keyword: str) -> None:
        message = f"unclosed {self!r}: use `{keyword}`, or close it"
        if warnings is None:
            return  # The interpreter is ending, and has cleared this module.
        warnings.warn(message, ResourceWarning, source=self, stacklevel=3)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"a {type(self).__name__} can't be pickled or copied, because it has connections:"
            " make one in each process"
        )

    def __repr__(self) -> str:
        composition = getattr(self, "_composition", None)
        if composition is None:  # The constructor failed, and a traceback shows this object.
            return f"<{type(self).__name__}, not constructed>"
        return (
            f"<{type(self).__name__} {self._site.base_url}{self._describe_settings()}"
            f" transport={composition.transport_name} {composition.order}>"
        )

    def _describe_settings(self) -> str:
        """Return the endpoints and the method that the program has set, for the repr."""
        # Without a query, which may contain a key.
        urls = {name: str(url).partition("?")[0] for name, url in self._site.endpoints.items()}
        text = "".join(f" {name}={url}" for name, url in urls.items())
        if self._get_info.method != "GET":
            text += f" userinfo_method={self._get_info.method}"
        return text
