"""Make one call over any transport, sync or async, and record how each attempt ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from usersmanager import AsyncUsersManager, TransportError, UsersManager
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_native import NativeTransport
from usersmanager_urllib3 import Urllib3Transport

__all__ = ["TOKEN", "TRANSPORTS", "Attempt", "Outcome", "call"]

TRANSPORTS = {
    "urllib3": (UsersManager, Urllib3Transport),
    "aiohttp": (AsyncUsersManager, AiohttpTransport),
    "native sync": (UsersManager, NativeTransport),
    "native async": (AsyncUsersManager, NativeTransport),
}

# Long, so that a TLS record with a request is longer than any other of a client.
TOKEN = "token-" + "x" * 250

_ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "get_info": (TOKEN,),
    "impersonate": (
        "auth0|ada",
        {"impersonator_id": "auth0|boss", "protocol": "oauth2", "token": TOKEN},
    ),
}


class Attempt(NamedTuple):
    """How one attempt of a call ended.

    Attributes:
        error: None if it ended with a response.
    """

    error: TransportError | None

    @property
    def sent(self) -> bool | None:
        """Whether anything may have been sent, according to the transport."""
        return None if self.error is None else self.error.sent


class Outcome(NamedTuple):
    """How a call ended.

    Attributes:
        result: what it returned.
        error: what it raised.
        elapsed: seconds it took.
        attempts: in order.
    """

    result: object
    error: Exception | None
    elapsed: float
    attempts: list[Attempt]


class _Recorder:
    """A transport that records how each attempt ended."""

    def __init__(self, transport: Any) -> None:
        self.attempts: list[Attempt] = []
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def send(self, request: Any) -> Any:
        try:
            response = self._transport.send(request)
        except TransportError as error:
            self.attempts.append(Attempt(error))
            raise
        self.attempts.append(Attempt(None))
        return response

    async def asend(self, request: Any) -> Any:
        try:
            response = await self._transport.asend(request)
        except TransportError as error:
            self.attempts.append(Attempt(error))
            raise
        self.attempts.append(Attempt(None))
        return response


def call(
    name: str,
    operation: str,
    base_url: str,
    *,
    timeout: float = 5.0,
    plugins: Iterable[object] = (),
    **settings: Any,
) -> Outcome:
    """Make one call with a new manager and a new transport.

    Args:
        name: a key of `TRANSPORTS`.
        operation: "get_info" or "impersonate".
        base_url: of the manager.
        timeout: of the call, in seconds.
        plugins: of the manager, which discovers no others.
        settings: of the transport.
    """
    manager_class, transport_class = TRANSPORTS[name]
    recorder = _Recorder(transport_class(**settings))
    options = {
        "transport": recorder,
        "plugins": plugins,
        "discover": False,
        "timeout": timeout,
        "allow_insecure": True,
    }
    if manager_class is UsersManager:
        result, elapsed = _call(operation, base_url, options)
    else:
        result, elapsed = asyncio.run(_acall(operation, base_url, options))
    if isinstance(result, Exception):
        return Outcome(None, result, elapsed, recorder.attempts)
    return Outcome(result, None, elapsed, recorder.attempts)


def _call(operation: str, base_url: str, options: dict[str, Any]) -> tuple[object, float]:
    with UsersManager(base_url, **options) as users:
        started = time.monotonic()
        try:
            result = getattr(users, operation)(*_ARGUMENTS[operation])
        except Exception as error:
            result = error
        return result, time.monotonic() - started


async def _acall(operation: str, base_url: str, options: dict[str, Any]) -> tuple[object, float]:
    async with AsyncUsersManager(base_url, **options) as users:
        started = time.monotonic()
        try:
            result = await getattr(users, operation)(*_ARGUMENTS[operation])
        except Exception as error:
            result = error
        return result, time.monotonic() - started
