"""What both managers share: the checked configuration, and a call as one flow."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypedDict, TypeVar

from .._composition.modes import Mode
from ..errors import (
    ArgumentError,
    LifecycleError,
    SubjectMismatchError,
    named_operation,
)
from .._operations.status import check
from .._flow.effects import Effect
from .._values.headers import Fields, with_fields
from .._values.validation import validate_seconds
from .._values.messages import Request
from .._operations.specs import (
    DISCOVER,
    GET_INFO,
    IMPERSONATE,
    Arguments,
    RequestSpec,
    Settings,
    get_info_arguments,
    impersonate_arguments,
    userinfo_endpoint,
)
from .._values.token import Secret, Token
from .._values.urls import Endpoint, parse_base_url
from .._values.userinfo import UserInfo

if TYPE_CHECKING:
    from .._composition.compose import Composition

__all__ = [
    "Callback",
    "Client",
    "ManagerSettings",
    "PreparedCall",
    "closed",
    "is_in_event_loop",
    "require_callable",
    "require_issuer",
    "warn_unclosed",
]

_OPERATIONS = (GET_INFO, IMPERSONATE, DISCOVER)

Carrier = TypeVar("Carrier")
Result = TypeVar("Result")
Callback: TypeAlias = Callable[[Exception | None, Result | None], object]


class ManagerSettings(TypedDict, total=False):
    """What both constructors take beside the base URL and the transport."""

    headers: Mapping[str, str] | None
    client_id: str | None
    timeout: float
    plugins: Iterable[object]
    discover: bool | Collection[str]
    allow_insecure: bool


class Client(Generic[Carrier]):
    """A composed client of one mode. Immutable, so that threads and tasks may share it."""

    def __init__(
        self,
        mode: Mode,
        base_url: str,
        *,
        headers: Secret[Mapping[str, str] | None],
        client_id: str | None,
        timeout: float,
        transport: str | Carrier | None,
        plugins: Iterable[object],
        discover: bool | Collection[str],
        allow_insecure: bool,
    ) -> None:
        # Slow to import: pluggy and importlib.metadata, which only a constructor needs.
        from .._composition.compose import compose

        self.base_url = parse_base_url(base_url, allow_insecure=allow_insecure)
        self._allow_insecure = allow_insecure
        self._addresses = {
            spec.name: Endpoint(self.base_url.origin, self.base_url.path + spec.path)
            for spec in _OPERATIONS
        }
        self._headers = _checked_headers(headers)
        _require_text("client_id", client_id)
        self._client_id = client_id
        self._timeout = validate_seconds("timeout", timeout)
        self.composition: Composition[Carrier] = compose(
            mode, transport, plugins, discover
        )

    def get_info(
        self, access_token: Secret[object], timeout: float | None, expected_subject: str | None
    ) -> PreparedCall[UserInfo]:
        """Checks the arguments of `get_info`. Nothing is sent yet."""
        with named_operation(GET_INFO.name):
            arguments = get_info_arguments(access_token)
            _require_text("expected_subject", expected_subject)
            return self._prepare(GET_INFO, arguments, timeout, expected_subject)

    def impersonate(
        self, user_id: object, settings: Settings, timeout: float | None
    ) -> PreparedCall[str]:
        """Checks the arguments of `impersonate`. Nothing is sent yet."""
        with named_operation(IMPERSONATE.name):
            arguments = impersonate_arguments(user_id, settings, self._client_id)
            return self._prepare(IMPERSONATE, arguments, timeout, None)

    def discover(self) -> PreparedCall[dict[str, Any]]:
        """A call for the provider's configuration."""
        return self._prepare(DISCOVER, Arguments(Token.none()), None, None)

    def configured(self, configuration: Mapping[str, Any], issuer: str) -> Client[Carrier]:
        """A copy that asks the provider's own userinfo endpoint.

        Raises:
            DecodeError: the configuration is of another issuer, or names no safe endpoint.
        """
        import copy  # Here, as few programs come here: every import takes its time.

        with named_operation(DISCOVER.name):
            client = copy.copy(self)
            endpoint = userinfo_endpoint(configuration, issuer, allow_insecure=self._allow_insecure)
            client._addresses = {**self._addresses, GET_INFO.name: endpoint}
            return client

    def _prepare(
        self,
        spec: RequestSpec[Result],
        arguments: Arguments,
        timeout: float | None,
        expected_subject: str | None,
    ) -> PreparedCall[Result]:
        return PreparedCall(
            client=self,
            spec=spec,
            arguments=arguments,
            timeout=self._timeout if timeout is None else validate_seconds("timeout", timeout),
            expected_subject=expected_subject,
        )

    def request(self, spec: RequestSpec[Any], arguments: Arguments, deadline: float) -> Request:
        """The request of one call, as the outermost plugin first sees it."""
        address = self._addresses[spec.name]
        return Request(
            operation=spec.name,
            method=spec.method,
            origin=address.origin,
            target=address.path.replace("{user_id}", arguments.user_id),
            template=address.path,
            headers=self._headers[spec.name],
            body=arguments.body,
            token=arguments.token,
            deadline=deadline,
            idempotent=spec.idempotent,
        )

    def did_you_mean(self, manager: str) -> str:
        """The repr of a manager."""
        made = self.composition
        plugins = ", ".join(made.plugins) or "none"
        return f"<{manager} {self.base_url} transport={made.transport_name} plugins={plugins}>"


class PreparedCall(Generic[Result]):
    """A call whose arguments are good and whose clock has not started."""

    __slots__ = ("arguments", "client", "expected_subject", "spec", "timeout")

    def __init__(
        self,
        client: Client[Any],
        spec: RequestSpec[Result],
        arguments: Arguments,
        timeout: float,
        expected_subject: str | None,
    ) -> None:
        self.client = client
        self.spec = spec
        self.arguments = arguments
        self.timeout = timeout
        self.expected_subject = expected_subject

    def __repr__(self) -> str:
        return f"<PreparedCall {self.spec.name}>"

    def start(self) -> tuple[Generator[Effect, Any, Result], float]:
        """Starts the clock; gives the flow to drive, and its deadline."""
        deadline = time.monotonic() + self.timeout
        return self._flow(deadline), deadline

    def _flow(self, deadline: float) -> Generator[Effect, Any, Result]:
        with named_operation(self.spec.name):
            request = self.client.request(self.spec, self.arguments, deadline)
            response = yield from self.client.composition.proceed(request)
            check(request, response)
            result = self.spec.read(response)
            if self._is_expected(result):
                return result
            del result  # It is somebody else's, and a traceback shows what is kept here.
            raise SubjectMismatchError("the profile is not of the expected subject: do not use it")

    def _is_expected(self, result: Result) -> bool:
        if self.expected_subject is None:
            return True
        return isinstance(result, UserInfo) and result.sub == self.expected_subject


def _require_text(name: str, value: object) -> None:
    if value is not None and not (isinstance(value, str) and value.strip()):
        raise ArgumentError(f"{name} must be a string that is not blank")


def require_issuer(issuer: object, settings: ManagerSettings) -> None:
    """Raises ArgumentError for an issuer that is no safe URL."""
    allow_insecure = settings.get("allow_insecure", False)
    parse_base_url(issuer, allow_insecure=allow_insecure, field="issuer")


def require_callable(callback: object) -> None:
    """Raises ArgumentError for a callback that is none."""
    if callback is not None and not callable(callback):
        raise ArgumentError("callback must be callable as callback(error, result)")


def is_in_event_loop() -> bool:
    """Whether the calling thread runs an event loop. Without asyncio there is none."""
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None


def closed(manager: object) -> LifecycleError:
    """The error for using a manager after its close."""
    return LifecycleError(f"this {type(manager).__name__} is closed: make a new one")


def warn_unclosed(manager: object, keyword: str) -> None:
    """Warns of a manager that was dropped open."""
    message = f"unclosed {manager!r}: use `{keyword}`, or close it"
    warnings.warn(message, ResourceWarning, source=manager, stacklevel=3)


def _checked_headers(headers: Secret[Mapping[str, str] | None]) -> dict[str, Fields]:
    """The headers of each operation: the constructor's over the operation's own."""
    return {spec.name: _headers_of(spec, headers) for spec in _OPERATIONS}


def _headers_of(spec: RequestSpec[Any], own: Secret[Mapping[str, str] | None]) -> Fields:
    defaults = [("Accept", spec.accept)]
    if spec.method == "POST":
        defaults.append(("Content-Type", "application/json"))
    if not isinstance(own.reveal() or {}, Mapping):
        raise ArgumentError("headers must be a mapping of names and values")
    checked = with_fields(Fields(defaults), own.reveal() or {})
    if isinstance(checked, str):
        raise ArgumentError(f"headers: {checked}")
    return checked
