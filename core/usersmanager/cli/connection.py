"""Call the API as the connection options of a command say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar, cast

import click

from .. import ArgumentError, AsyncUsersManager, UsersManager
from .._composition.entry_points import Kind, installed_names
from .._composition.loader import Loader
from .._composition.modes import ASYNC, SYNC
from .._composition.names import normalize
from .._composition.report import transport_modes
from .._composition.selection import discovered_names, lacks_extra
from .._manager.options import ManagerOptions, UserinfoMethod
from .._values.suggestions import did_you_mean
from .._values.token import Secret
from .transport import make_transport
from .verbose import CallLogger, log_to

__all__ = ["Connection"]

T = TypeVar("T")
Perform: TypeAlias = Callable[[UsersManager | AsyncUsersManager], T | Coroutine[Any, Any, T]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The values of the connection options. Either `base_url` or `issuer` is set.

    Attributes:
        base_url: base URL of the API.
        issuer: OpenID provider whose configuration names the endpoint.
        timeout: seconds for a call, retries included.
        transport: name of an installed transport, sync or async; None for the default.
        proxy: sealed URL of the proxy to use, if any.
        cacert: path of a PEM file with the authorities to trust; None for those of the system.
        plugin: names of installed plugins to put first, outermost first.
        no_plugin: names of installed plugins to leave out.
        verbose: log to stderr.
        allow_insecure: allow http to any host.
        userinfo_endpoint: URL of the userinfo endpoint; None for the default.
        userinfo_method: method of the userinfo request.
    """

    base_url: str | None
    issuer: str | None = None
    timeout: float
    transport: str | None
    proxy: Secret[str | None] | None
    cacert: str | None
    plugin: tuple[str, ...]
    no_plugin: tuple[str, ...]
    verbose: bool
    allow_insecure: bool
    userinfo_endpoint: str | None = None
    userinfo_method: UserinfoMethod = "GET"

    def call(self, perform: Perform[T]) -> T:
        """Make a manager, perform a call with it, and return the result.

        Args:
            perform: calls the manager it is given; the manager is async if the transport is async
                only.

        Raises:
            ArgumentError: an option is not valid.
            UsersManagerError: the call failed.
        """
        with log_to(_write_log_line) if self.verbose else nullcontext():
            return self._call(perform)

    def _call(self, perform: Perform[T]) -> T:
        options = self._manager_options()
        if self._is_async_only():
            import asyncio  # Slow to import, and not needed elsewhere.

            return asyncio.run(self._call_async(perform, options))
        with self._sync_manager(options) as users:
            return cast(T, perform(users))

    async def _call_async(self, perform: Perform[T], options: ManagerOptions) -> T:
        async with await self._async_manager(options) as users:
            return await cast(Coroutine[Any, Any, T], perform(users))

    def _sync_manager(self, options: ManagerOptions) -> UsersManager:
        transport = make_transport(self.transport, SYNC, self.proxy, self.cacert)
        if self.issuer is None:
            return UsersManager(str(self.base_url), transport=transport, **options)
        return UsersManager.from_issuer(self.issuer, transport=transport, **options)

    async def _async_manager(self, options: ManagerOptions) -> AsyncUsersManager:
        transport = make_transport(self.transport, ASYNC, self.proxy, self.cacert)
        if self.issuer is None:
            return AsyncUsersManager(str(self.base_url), transport=transport, **options)
        return await AsyncUsersManager.from_issuer(self.issuer, transport=transport, **options)

    def _manager_options(self) -> ManagerOptions:
        if self.transport is not None:
            _require_installed("--transport", "transport", [self.transport])
        _require_installed("--plugin", "plugin", self.plugin)
        _require_installed("--no-plugin", "plugin", self.no_plugin)
        if set(map(normalize, self.plugin)) & set(map(normalize, self.no_plugin)):
            raise ArgumentError("--plugin and --no-plugin name the same plugin")
        return {
            "timeout": self.timeout,
            "plugins": [*([CallLogger()] if self.verbose else []), *self.plugin],
            "discover": self._discover(),
            "allow_insecure": self.allow_insecure,
            "endpoints": self._endpoints(),
            "userinfo_method": self.userinfo_method,
        }

    def _endpoints(self) -> dict[str, str] | None:
        url = self.userinfo_endpoint
        return None if url is None else {"userinfo_endpoint": url}

    def _discover(self) -> bool | list[str]:
        if not self.no_plugin:
            return True
        left_out = set(map(normalize, self.no_plugin))
        return [
            name
            for name in discovered_names(Loader())
            # As by default, an extra that is not installed is no error.
            if name not in left_out and not lacks_extra(name)
        ]

    def _is_async_only(self) -> bool:
        """Tell whether the transport is async only. The default transport is sync."""
        return self.transport is not None and transport_modes(self.transport) == (ASYNC.name,)


def _require_installed(option: str, kind: Kind, names: Collection[str]) -> None:
    installed = installed_names(kind)
    for name in names:
        if normalize(name) not in map(normalize, installed):
            suggestion = did_you_mean(name, installed)
            raise ArgumentError(f"{option}: no {kind} with that name is installed{suggestion}")


def _write_log_line(line: str) -> None:
    click.echo(f"usersmanager: {line}", err=True)
