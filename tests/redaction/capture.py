"""Call managers and capture everything that shows meanwhile: logs, warnings, traces, objects."""

from __future__ import annotations

import asyncio
import logging
import ssl
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pluggy
from tenacity import wait_none
from tests.redaction import introspection
from tests.redaction.introspection import Exposure
from tests.redaction.secrets import Secrets
from tests.support import TENANT

from usersmanager import AsyncUsersManager, Request, Response, UsersManager
from usersmanager._composition import registry
from usersmanager.plugins import Flow, Proceed, hookimpl
from usersmanager.testing import FakeTransport
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_logging import Logging
from usersmanager_native import NativeTransport
from usersmanager_retry import Retry
from usersmanager_urllib3 import Urllib3Transport

__all__ = ["DEFAULT_TRUST", "OPERATIONS", "TRANSPORTS", "CapturingClient"]

TRANSPORTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "urllib3": ("sync", Urllib3Transport),
    "aiohttp": ("async", AiohttpTransport),
    "native-sync": ("sync", NativeTransport),
    "native-async": ("async", NativeTransport),
}

# Loading the system's certificates takes longer than a call.
DEFAULT_TRUST = ssl.create_default_context()

Call = Callable[[Any], Any]
OPERATIONS: dict[str, Callable[[Secrets], Call]] = {
    "get_info": lambda secrets: lambda users: users.get_info(secrets.token),
    "impersonate": lambda secrets: lambda users: users.impersonate("auth0|ada", secrets.settings),
}

_LOGGERS = ["urllib3", "aiohttp", "asyncio", "concurrent", "tenacity", "usersmanager"]


class _LogCapture(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.loggers: set[str] = set()
        self.exposures: list[Exposure] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.loggers.add(record.name.partition(".")[0])
        # Formatted at once, as handlers do: the variables of a frame change as it goes on.
        self.exposures += introspection.of_record(record)


class _ObjectCapture:
    """A plugin that keeps every object a plugin can see."""

    def __init__(self) -> None:
        self.objects: list[object] = []

    @hookimpl
    def usersmanager_wrap_call(self, request: Request, proceed: Proceed) -> Flow[Response]:
        return self._around(request, proceed)

    @hookimpl(trylast=True)
    def usersmanager_wrap_attempt(self, request: Request, proceed: Proceed) -> Flow[Response]:
        return self._around(request, proceed)

    def _around(self, request: Request, proceed: Proceed) -> Flow[Response]:
        flow = proceed(request)
        self.objects += [request, request.headers, request.body, proceed, flow]
        response = yield from flow
        self.objects.append(response)
        return response


class CapturingClient:
    """Calls managers with every shipped plugin, and keeps what shows meanwhile.

    Args:
        transport: a key of `TRANSPORTS`.
        plugins: more plugins of each manager.
        debug: whether the event loop is in debug mode and logs every step.

    Attributes:
        is_sync: whether its managers are sync.
        objects: what plugins and callers of a manager can see.
        trace: what pluggy traced.
    """

    def __init__(
        self, transport: str, *, plugins: Sequence[object] = (), debug: bool = False
    ) -> None:
        self._plugins = plugins
        mode, self.transport_class = TRANSPORTS[transport]
        self.is_sync = mode == "sync"
        self.objects: list[object] = []
        self.trace: list[str] = []
        self.logs = _LogCapture()
        self.plugin = _ObjectCapture()
        self._debug = debug
        self._is_capturing = False

    @contextmanager
    def capture(self) -> Iterator[None]:
        """Enable all logging, tracing and warnings, and capture them. May be nested."""
        if self._is_capturing:
            yield
            return
        self._is_capturing = True
        loggers = [logging.getLogger(), *map(logging.getLogger, _LOGGERS)]
        levels = [logger.level for logger in loggers]
        for logger in loggers:
            logger.setLevel(logging.DEBUG)
        loggers[0].addHandler(self.logs)
        try:
            with (
                warnings.catch_warnings(record=True) as caught,
                mock.patch.object(registry, "_PluginManager", _tracing(self.trace)),
            ):
                warnings.simplefilter("always")
                yield
        finally:
            self._is_capturing = False
            loggers[0].removeHandler(self.logs)
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
            self.objects += [warning.message for warning in caught]

    def transport(self, **settings: Any) -> Any:
        """Return a new transport."""
        return self.transport_class(**{"ssl_context": DEFAULT_TRUST, **settings})

    def call(self, call: Call, base_url: str = TENANT, **settings: Any) -> Any:
        """Return the result of a call of a new manager.

        Args:
            call: what to do with the manager.
            base_url: of the manager.
            settings: of the manager; `transport_settings` are those of its transport, and `retry`
                is its retry plugin.
        """
        retry = settings.pop("retry", None) or Retry(2, wait=wait_none())
        given = [*settings.pop("plugins", ()), *self._plugins]
        plugins = [*given, self.plugin, retry, Logging()]
        transport = self.transport(**settings.pop("transport_settings", {}))
        settings = {"discover": ["headers"], "transport": transport, **settings, "plugins": plugins}
        with self.capture():
            return (self._call if self.is_sync else self._acall)(call, base_url, settings)

    def _call(self, call: Call, base_url: str, settings: dict[str, Any]) -> Any:
        with UsersManager(base_url, **settings) as users:
            self.objects += [users, settings["transport"]]
            return call(users)

    def _acall(self, call: Call, base_url: str, settings: dict[str, Any]) -> Any:
        async def main() -> Any:
            asyncio.get_running_loop().slow_callback_duration = 0
            async with AsyncUsersManager(base_url, **settings) as users:
                self.objects += [users, settings["transport"]]
                return await call(users)

        return asyncio.run(main(), debug=self._debug)

    def error(self, call: Call, base_url: str = TENANT, **settings: Any) -> BaseException:
        """Return the error that a call of a new manager raises."""
        try:
            self.call(call, base_url, **settings)
        except BaseException as error:
            return error
        raise AssertionError("the call raised no error")

    def errors(
        self, calls: list[Call], base_url: str = TENANT, **settings: Any
    ) -> list[BaseException]:
        """Return the errors that calls of one new manager raise."""
        errors: list[BaseException] = []

        def call_each(users: Any) -> None:
            for call in calls:
                try:
                    call(users)
                except Exception as error:
                    errors.append(error)

        async def await_each(users: Any) -> None:
            for call in calls:
                try:
                    await call(users)
                except Exception as error:
                    errors.append(error)

        self.call(call_each if self.is_sync else await_each, base_url, **settings)
        assert len(errors) == len(calls), "a call raised no error"
        return errors

    def error_over_fake(self, call: Call, *script: Any, **settings: Any) -> BaseException:
        """Return the error that a call over a fake transport raises."""
        return self.error(call, transport=FakeTransport(*script, real_time=True), **settings)

    def errors_over_fake(
        self, secrets: Secrets, *script: Any, **settings: Any
    ) -> list[BaseException]:
        """Return the errors of both operations over fake transports."""
        return [
            self.error_over_fake(operation(secrets), *script, **settings)
            for operation in OPERATIONS.values()
        ]

    @property
    def loggers(self) -> set[str]:
        """The top-level names of the loggers that logged something."""
        return self.logs.loggers

    def ignore_bodies(self) -> None:
        """Forget the bodies that plugins saw: they hold what is meant to be sent."""
        objects = self.plugin.objects
        objects[:] = [value for value in objects if not isinstance(value, bytes)]

    def exposures(self) -> Iterator[Exposure]:
        """Yield every captured text."""
        yield from self.logs.exposures
        yield Exposure("pluggy's trace", "\n".join(self.trace))
        for value in [*self.objects, *self.plugin.objects]:
            yield from introspection.of_object(value)


def _tracing(lines: list[str]) -> type[pluggy.PluginManager]:
    """Return pluggy's manager with every kind of tracing switched on."""

    class Tracing(registry._PluginManager):
        def __init__(self, project_name: str) -> None:
            super().__init__(project_name)
            self.trace.root.setwriter(lines.append)
            self.enable_tracing()
            self.add_hookcall_monitoring(self._before, self._after)

        def _before(self, *details: Any) -> None:
            lines.append(repr(details))

        def _after(self, outcome: Any, *details: Any) -> None:
            lines.append(
                repr((vars(outcome) if hasattr(outcome, "__dict__") else outcome, details))
            )

    return Tracing
