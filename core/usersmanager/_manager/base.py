"""Shared implementation of UsersManager and AsyncUsersManager."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, TypeVar

from .._flow.shutdown import shutdown_error
from .._operations.arguments import (
    Arguments,
    SealedSettings,
    get_info_arguments,
    impersonate_arguments,
)
from .._operations.endpoints import default_endpoints, parse_endpoints
from .._operations.provider import require_issuer, userinfo_endpoint
from .._operations.request_headers import request_headers
from .._operations.specs import DISCOVER, IMPERSONATE, RequestSpec, get_info_by
from .._values.deadline import Deadline
from .._values.messages import Request
from .._values.token import Secret, Token
from .._values.urls import parse_base_url
from .._values.userinfo import UserInfo
from .._values.validation import validate_seconds, validate_text
from ..errors import LifecycleError, UsersManagerError
from .callbacks import check_callback
from .options import UserinfoMethod
from .prepared_call import PreparedCall

if TYPE_CHECKING:
    from .._composition.compose import Composition
    from .._composition.modes import Mode

__all__ = ["BaseUsersManager"]

TransportT = TypeVar("TransportT")
Result = TypeVar("Result")
ErrorT = TypeVar("ErrorT", bound=UsersManagerError)


class BaseUsersManager(Generic[TransportT]):
    """Hold the validated configuration, and prepare calls. Threads and tasks may share it.

    Subclasses have the public methods, and drive the prepared calls.
    """

    _mode: ClassVar[Mode]

    def __init__(
        self,
        base_url: str,
        *,
        headers: Secret[Mapping[str, str] | None],
        client_id: str | None,
        timeout: float,
        transport: str | TransportT | None,
        plugins: Iterable[object],
        discover: bool | Collection[str],
        allow_insecure: bool,
        endpoints: Mapping[str, str] | None,
        userinfo_method: UserinfoMethod,
    ) -> None:
        if sys.is_finalizing():
            raise shutdown_error()
        # pluggy and importlib.metadata are slow to import, and only a constructor needs them.
        from .._composition.compose import compose

        self._is_open = False  # There is nothing to close yet.
        self._base_url = parse_base_url(base_url, allow_insecure=allow_insecure)
        self._allow_insecure = allow_insecure
        self._get_info = get_info_by(userinfo_method)
        self._set_endpoints = parse_endpoints(
            endpoints, self._base_url, allow_insecure=allow_insecure
        )
        self._endpoints = {**default_endpoints(self._base_url), **self._set_endpoints}
        self._headers = {
            spec.name: request_headers(spec, headers)
            for spec in (self._get_info, IMPERSONATE, DISCOVER)
        }
        validate_text("client_id", client_id)
        self._client_id = client_id
        self._timeout = validate_seconds("timeout", timeout)
        self._composition: Composition[TransportT] = compose(
            self._mode, transport, plugins, discover
        )
        self._is_open = True

    # These methods check the arguments of a call. Nothing is sent yet.

    def _prepare_get_info(
        self,
        access_token: Secret[object],
        callback: object,
        timeout: float | None,
        expected_subject: str | None,
    ) -> PreparedCall[UserInfo]:
        try:
            self._require_usable(callback)
            arguments = get_info_arguments(access_token)
            validate_text("expected_subject", expected_subject)
            return self._prepare(self._get_info, arguments, timeout, expected_subject)
        except UsersManagerError as error:
            self._add_context(error, self._get_info)
            raise

    def _prepare_impersonate(
        self,
        user_id: object,
        settings: SealedSettings,
        callback: object,
        timeout: float | None,
    ) -> PreparedCall[str]:
        try:
            self._require_usable(callback)
            arguments = impersonate_arguments(user_id, settings, self._client_id)
            return self._prepare(IMPERSONATE, arguments, timeout)
        except UsersManagerError as error:
            self._add_context(error, IMPERSONATE)
            raise

    def _prepare_discover(self) -> PreparedCall[dict[str, Any]]:
        return self._prepare(DISCOVER, Arguments(Token.empty()), None)

    def _prepare(
        self,
        spec: RequestSpec[Result],
        arguments: Arguments,
        timeout: float | None,
        expected_subject: str | None = None,
    ) -> PreparedCall[Result]:
        if sys.is_finalizing():
            raise shutdown_error()
        seconds = self._timeout if timeout is None else validate_seconds("timeout", timeout)
        return PreparedCall(self, spec, arguments, seconds, expected_subject)

    def _use_configuration(self, configuration: Mapping[str, Any], issuer: str) -> None:
        """Use the userinfo endpoint from a provider configuration, unless the program has set one.

        Raises:
            DecodeError: the issuer is different, or the endpoint is missing or insecure.
        """
        name = self._get_info.name
        try:
            require_issuer(configuration, issuer)
            if name not in self._set_endpoints:
                endpoint = userinfo_endpoint(
                    configuration, issuer, allow_insecure=self._allow_insecure
                )
                self._endpoints = {**self._endpoints, name: endpoint}
        except UsersManagerError as error:
            self._add_context(error, DISCOVER)
            raise

    def _request(self, spec: RequestSpec[Any], arguments: Arguments, deadline: Deadline) -> Request:
        """Return the request of a call, before plugins change it."""
        endpoint = self._endpoints[spec.name]
        request = Request(
            operation=spec.name,
            method=spec.method,
            origin=endpoint.origin,
            target=endpoint.path.replace("{user_id}", arguments.user_id),
            template=endpoint.path,
            headers=self._headers[spec.name],
            body=spec.body if arguments.body is None else arguments.body,
            token=arguments.token,
            deadline=deadline,
            idempotent=spec.idempotent,
        )
        request.call._is_of_manager = True
        return request

    def _closers(self) -> list[Callable[[], object]]:
        """Return the functions that close the transport and the plugins, in this order."""
        composition = self._composition
        close_transport = getattr(composition.transport, self._mode.close)
        return [close_transport, *(hook.function for hook in composition.closing_hooks)]

    def _add_context(self, error: ErrorT, spec: RequestSpec[Any]) -> ErrorT:
        """Add the operation and origin of a call to an error, and return it."""
        error.operation = error.operation or spec.name
        error.origin = error.origin or self._endpoints[spec.name].origin
        return error

    def _require_usable(self, callback: object) -> None:
        check_callback(callback, may_be_async=self._mode.name == "async")
        if not self._is_open:
            raise self._closed_error()

    def _closed_error(self) -> LifecycleError:
        return LifecycleError(f"this {type(self).__name__} is closed: create a new one")

    def _warn_unclosed(self, keyword: str) -> None:
        message = f"unclosed {self!r}: use `{keyword}`, or close it"
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
            f"<{type(self).__name__} {self._base_url}{self._describe_userinfo()}"
            f" transport={composition.transport_name} {composition.order}>"
        )

    def _describe_userinfo(self) -> str:
        """Return the settings of the userinfo request that aren't the default, for the repr."""
        text = ""
        if self._get_info.name in self._set_endpoints:
            # Without its query, which may contain a key.
            url = str(self._set_endpoints[self._get_info.name]).partition("?")[0]
            text += f" userinfo_endpoint={url}"
        if self._get_info.method != "GET":
            text += f" userinfo_method={self._get_info.method}"
        return text
