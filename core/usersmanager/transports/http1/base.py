"""What the sync and the asyncio base class of transports share: settings and statistics."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Self

from ..._values.deadline import Deadline
from ..._values.token import Secret
from ...errors import (
    DeadlineExceededError,
    DisconnectedError,
    LifecycleError,
    TLSError,
    TransportError,
    UsersManagerError,
)
from .error_mapping import connect_error
from .pool import Pool, PoolStats
from .settings import Settings

__all__ = ["BROKEN", "Http1Base", "check_ready", "unsent"]

# The errors of a dead connection. A slow server is not one.
BROKEN = (DisconnectedError, TLSError)


class _Checked:
    """A base class of its own, so that `help` shows the arguments of `__init__`."""

    def __new__(cls, *_: object, **settings: Any) -> Self:
        """Check the settings before `__init__`: that of a subclass would show the password."""
        defaults: dict[str, Any] = Http1Base.__init__.__kwdefaults__ or {}
        given = Secret(defaults | {name: settings[name] for name in defaults.keys() & settings})
        del settings
        Settings(Secret(given.reveal().pop("proxy")), **given.reveal())
        return super().__new__(cls)


class Http1Base(_Checked):
    """A transport that sends HTTP/1.1 requests over pooled connections.

    Attributes:
        strict: True: it passes the strict contract.
    """

    strict = True

    def __init__(
        self,
        *,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        trust_env: bool = False,
        pool_size: int = 100,
        connect_timeout: float = 3.0,
        idle_timeout: float = 15.0,
        max_response_bytes: int = 1 << 20,
    ) -> None:
        """Prepare a transport without connections; see `Http1Transport`."""
        sealed_proxy = Secret(proxy)
        del proxy
        self.check_library()
        self._settings = Settings(
            sealed_proxy,
            ssl_context=ssl_context,
            trust_env=trust_env,
            pool_size=pool_size,
            connect_timeout=connect_timeout,
            idle_timeout=idle_timeout,
            max_response_bytes=max_response_bytes,
        )
        self._set_up()

    def check_library(self) -> None:
        """Check, at construction, that the library which opens connections can be used.

        It does nothing, unless a subclass overrides it.

        Raises:
            PluginError: the library has been replaced.
        """

    def _set_up(self) -> None:
        """Start without connections. Each base class adds its own pools."""

    def _all_pools(self) -> Iterable[Pool[Any]]:
        """Return the pools of this transport. Each base class adds its own."""
        return ()

    def stats(self) -> Mapping[str, PoolStats]:
        """Return the connections by origin, such as "https://tenant.auth0.com".

        It is cheap, and safe to call from any thread and from a signal handler.

        Example::

            print(transport.stats()["https://tenant.auth0.com"].waiting)
        """
        total: dict[str, PoolStats] = {}
        for pool in self._all_pools():
            if pool.process != os.getpid():
                continue  # They are those of the parent process.
            for origin, stats in pool.stats().items():
                total[origin] = stats.plus(total.get(origin, PoolStats()))
        return MappingProxyType(total)


def check_ready(deadline: Deadline, *, is_closed: bool = False) -> None:
    """Check that a transport is open and that time is left, before anything is sent.

    Raises:
        LifecycleError: the transport is closed.
        DeadlineExceededError: the deadline has passed.
    """
    if is_closed:
        raise LifecycleError("the transport is closed")
    if deadline.remaining() <= 0:
        raise DeadlineExceededError("the deadline has passed", sent=False)


def unsent(error: BaseException, *, to_proxy: bool) -> BaseException:
    """Return the error to raise for one that prevented a connection: nothing was sent.

    An error that is no network error is returned unchanged.

    Args:
        error: raised before anything was sent.
        to_proxy: whether it concerns the connection to the proxy.
    """
    if isinstance(error, TransportError):
        error.sent = False
    # IDNA raises a UnicodeError for a host name that it cannot encode.
    elif isinstance(error, OSError | UnicodeError) and not isinstance(error, UsersManagerError):
        return connect_error(error, to_proxy=to_proxy)
    return error
