"""The way to the API that a command's options describe, and a call that goes it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar, cast

import click

from .. import ArgumentError, AsyncUsersManager, ConnectError, TLSError, UsersManager
from .._composition.entry_points import by_name
from .._manager.base import ManagerOptions
from .._values.suggestions import did_you_mean
from ..plugins import installed_plugins
from .output import safe
from .unreachable import with_address
from .verbose import Watch, log_told

__all__ = ["Connection"]

T = TypeVar("T")
Ask: TypeAlias = Callable[[UsersManager | AsyncUsersManager], T | Coroutine[Any, Any, T]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What `connection_options` collects. One of `base_url` and `issuer` is not None.

    Attributes:
        base_url: where the API is.
        issuer: the OpenID provider that says where it is.
        timeout: seconds for a whole call.
        transport: an installed name of either mode, or None.
        plugin: the installed plugins to put first, outermost first.
        no_plugin: the installed plugins to leave out.
        verbose: whether to tell on standard error what happens.
        allow_insecure: allow http to any host.
    """

    base_url: str | None
    issuer: str | None = None
    timeout: float
    transport: str | None
    plugin: tuple[str, ...]
    no_plugin: tuple[str, ...]
    verbose: bool
    allow_insecure: bool

    def call(self, ask: Ask[T]) -> T:
        """The result of one call of a manager that is made for it.

        Args:
            ask: makes the call; is given a manager of the mode that the transport has.

        Raises:
            ArgumentError: an option is not valid, beside the errors of the call itself.
        """
        try:
            return self._called(ask)
        except (ConnectError, TLSError) as error:
            # Where a provider serves its profiles is not known here.
            address = self.issuer if error.operation == "discover" else self.base_url
            raise (error if address is None else with_address(error, address)) from None

    def _called(self, ask: Ask[T]) -> T:
        settings = self._settings()
        with log_told(_tell) if self.verbose else nullcontext():
            if self._is_asyncio():
                import asyncio  # Slow to import, and this is the only use of it.

                return asyncio.run(self._awaited(ask, settings))
            with self._blocking(settings) as users:
                return cast(T, ask(users))

    def _blocking(self, settings: ManagerOptions) -> UsersManager:
        if self.issuer is not None:
            return UsersManager.from_issuer(self.issuer, transport=self.transport, **settings)
        return UsersManager(str(self.base_url), transport=self.transport, **settings)

    async def _awaited(self, ask: Ask[T], settings: ManagerOptions) -> T:
        if self.issuer is None:
            made = AsyncUsersManager(str(self.base_url), transport=self.transport, **settings)
        else:
            made = await AsyncUsersManager.from_issuer(
                self.issuer, transport=self.transport, **settings
            )
        async with made as users:
            return await cast(Coroutine[Any, Any, T], ask(users))

    def _settings(self) -> ManagerOptions:
        return {
            "timeout": self.timeout,
            "plugins": [*([Watch(_tell)] if self.verbose else []), *self.plugin],
            "discover": self._discover(),
            "allow_insecure": self.allow_insecure,
        }

    def _discover(self) -> bool | list[str]:
        if not self.no_plugin:
            return True
        names = by_name("plugin")
        for name in self.no_plugin:
            if name not in names:
                wrong = did_you_mean(name, names)
                raise ArgumentError(f"--no-plugin: no plugin of that name is installed{wrong}")
            if name in self.plugin:
                raise ArgumentError("--plugin and --no-plugin name the same plugin")
        return [name for name in names if name not in self.no_plugin]

    def _is_asyncio(self) -> bool:
        """Whether the transport is for asyncio alone. The default one is blocking."""
        if self.transport is None:
            return False
        return any(
            one.modes == ("async",)
            for one in installed_plugins()
            if (one.kind, one.name) == ("transport", self.transport)
        )


def _tell(line: str) -> None:
    click.echo(f"usersmanager: {safe(line)}", err=True)
