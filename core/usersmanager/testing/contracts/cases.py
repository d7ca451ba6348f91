"""Shared by all cases of the transport contracts: requests, server scripts and assertions."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeAlias

from ..._values.call import Call
from ..._values.deadline import Deadline
from ..._values.headers import StaticHeaders
from ..._values.request import Request
from ..._values.response import Response
from ..._values.site import Site
from ..._values.token import Token
from ..._values.urls import Endpoint
from ...errors import TransportError
from ..fault_server import FaultServer
from .case_runner import CaseRunner
from .clients import AsyncClient, Client, SyncClient
from .exemptions import Exemptions

__all__ = [
    "HEADERS",
    "Contract",
    "ErrorTypes",
    "describe",
    "make_request",
    "outcome_of",
    "subject",
    "with_short_timeout",
]

ErrorTypes: TypeAlias = type[TransportError] | tuple[type[TransportError], ...]

# Seconds. On a busy machine, the first may be too short to connect and send a request.
_SHORT_TIMEOUTS = (0.1, 0.3, 1.0)

HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "User-Agent": "contract",
}


def make_request(
    server: FaultServer,
    token: str = "a-token",
    *,
    timeout: float = 5.0,
    target: str = "/userinfo",
    idempotent: bool = True,
    headers: dict[str, str] | None = None,
    method: str | None = None,
    body: bytes | None = None,
) -> Request:
    """Return a request like a manager's, without a token if ``token`` is empty."""
    if body is None and not idempotent:
        body = b'{"protocol": "oauth2"}'
    call = Call()
    call._site = Site(Endpoint(server.origin, ""), {}, StaticHeaders({}), allow_insecure=False)
    return Request(
        operation="get_info" if idempotent else "impersonate",
        method=method or ("GET" if idempotent else "POST"),
        origin=server.origin,
        target=target,
        headers=HEADERS if headers is None else headers,
        body=body,
        token=Token(token) if token else Token.empty(),
        deadline=Deadline.after(timeout),
        idempotent=idempotent,
        call=call,
    )


def with_short_timeout(check: Callable[[float], object]) -> None:
    """Run a check with a short timeout, and repeat it with longer ones if it fails.

    This lets a check assume that the request is sent before its deadline.
    """
    *shorter, longest = _SHORT_TIMEOUTS
    for timeout in shorter:
        with contextlib.suppress(AssertionError):
            check(timeout)
            return
    check(longest)


def subject(response: Response) -> str:
    """Return the subject of the profile in a response."""
    return str(json.loads(response.body)["sub"])


def describe(error: BaseException) -> str:
    """Return an error with its module: other libraries have a ConnectError, too."""
    return f"{type(error).__module__}.{error!r}"


def outcome_of(send: Callable[[Request], Response], request: Request) -> Response | Exception:
    """Return the response to a request, or the error that it raises."""
    try:
        return send(request)
    except Exception as error:
        return error


class Contract(CaseRunner, Exemptions):
    """Base class of the transport contracts, with their assertions.

    Attributes:
        client_class: calls a sync or an async transport.
        slack: the seconds by which a deadline may be missed. Transports guarantee 0.1; the rest is
            a margin for busy machines.
    """

    slack: ClassVar[float] = 0.25
    client_class: ClassVar[type[SyncClient] | type[AsyncClient]]

    def transport(self, **settings: Any) -> Any:
        """Return a new transport. Override this method.

        Args:
            settings: an ``ssl_context`` in the TLS cases; also a ``pool_size`` (an int) in the
                cases of the strict contracts.
        """
        raise NotImplementedError("override transport(**settings) to return a new transport")

    @contextlib.contextmanager
    def client(self, **settings: Any) -> Iterator[Any]:
        """Yield a client of a new transport, and close both at the end."""
        client = self.client_class(self.transport(**settings))
        try:
            yield client
        finally:
            client.close()

    def assert_own_response(
        self,
        client: Client,
        server: FaultServer,
        token: str,
        *,
        rule: str = "a request must get its own response",
    ) -> None:
        """Check that a request gets the response to its token; ``rule`` is the failure message."""
        try:
            owner = subject(client.send(make_request(server, token)))
        except Exception as error:
            raise AssertionError(f"{rule}, not {describe(error)}") from error
        assert owner == token, rule

    def assert_fails(
        self,
        client: Client,
        request: Request,
        error_types: ErrorTypes,
        fault: str,
        *,
        sent: bool | None,
        as_manager: bool = False,
    ) -> TransportError:
        """Check that a request fails before its deadline, and return the error.

        The failure message begins with ``fault``. Unless `sent` is None, the error must have this
        value. ``as_manager`` sends the request like a manager, which removes frames from errors.
        """
        rule = f"{fault} must raise {_names(error_types)}"
        send = client.send_as_manager if as_manager else client.send
        outcome = outcome_of(send, request)
        late = -request.remaining()
        if isinstance(outcome, Exception) and not isinstance(outcome, error_types):
            raise AssertionError(f"{rule}, not {describe(outcome)}") from outcome
        assert isinstance(outcome, error_types), f"{rule}, not return {outcome!r}"
        assert late < self.slack, f"{rule} before the deadline, not {late:.2f} s after it"
        assert sent in (None, outcome.sent), f"{rule} whose `sent` is {sent}, not {outcome!r}"
        return outcome


def _names(error_types: ErrorTypes) -> str:
    types = error_types if isinstance(error_types, tuple) else (error_types,)
    return " or ".join(error_type.__name__ for error_type in types)
