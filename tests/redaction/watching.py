"""Calls of managers, and all that is said and made meanwhile: logs, warnings, traces, objects."""

from __future__ import annotations

import asyncio
import logging
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pluggy
from tenacity import wait_none
from tests.redaction import walk
from tests.redaction.canaries import Canary
from tests.support import TENANT

from usersmanager import AsyncUsersManager, Request, UsersManager
from usersmanager._composition import order
from usersmanager.plugins import Flow, Middleware, Proceed, hookimpl
from usersmanager.testing import FakeTransport
from usersmanager_aiohttp import AiohttpTransport
from usersmanager_httptools import HttptoolsTransport
from usersmanager_logging import Logging
from usersmanager_retry import Retry
from usersmanager_urllib3 import Urllib3Transport

__all__ = ["BOTH", "MODES", "Ask", "Call", "Caller", "watching"]

MODES = ["sync", "async", "sync, httptools", "async, httptools"]
_TALKATIVE = ["urllib3", "aiohttp", "asyncio", "concurrent", "tenacity", "usersmanager"]

# The system's, as it is by default; reading it anew for each transport takes most of the time.
TRUST = ssl.create_default_context()

Call = Callable[[Any], Any]
Ask = Callable[[Canary], Call]
BOTH: dict[str, Ask] = {
    "get_info": lambda canary: lambda users: users.get_info(canary.token),
    "impersonate": lambda canary: lambda users: users.impersonate("auth0|ada", canary.settings),
}


class Ear(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.loggers: set[str] = set()
        self.heard: list[walk.Sight] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.loggers.add(record.name.partition(".")[0])
        # Now, as a handler does: what a frame holds changes while it goes on.
        self.heard += walk.of_record(record)


class Eye:
    """A plugin that keeps what passes."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    @hookimpl
    def usersmanager_wrap_call(self) -> Middleware:
        return self._around

    @hookimpl(trylast=True)
    def usersmanager_wrap_attempt(self) -> Middleware:
        return self._around

    def _around(self, request: Request, proceed: Proceed) -> Flow:
        flow = proceed(request)
        self.seen += [request, request.headers, request.body, proceed, flow]
        response = yield from flow
        self.seen.append(response)
        return response


class Caller:
    """Calls managers of one mode, with every shipped plugin, and keeps what it notices."""

    def __init__(self, mode: str, *, debug: bool = False) -> None:
        self.ear = Ear()
        self.eye = Eye()
        self.is_blocking = mode.startswith("sync")
        self._is_fast = mode.endswith("httptools")
        self.traced: list[str] = []
        self.things: list[object] = []
        self._debug = debug

    def transport(self, **settings: Any) -> Any:
        """A shipped transport of the mode."""
        settings = {"ssl_context": TRUST, **settings}
        if self._is_fast:
            return HttptoolsTransport(**settings)
        return Urllib3Transport(**settings) if self.is_blocking else AiohttpTransport(**settings)

    def call(self, call: Call, base_url: str = TENANT, **settings: Any) -> Any:
        """What a call of a new manager gives."""
        plugins = [*settings.pop("plugins", ()), self.eye, Retry(2, wait=wait_none()), Logging()]
        carrier = self.transport(**settings.pop("carrier", {}))
        settings = {"discover": ["headers"], "transport": carrier, **settings, "plugins": plugins}
        if self.is_blocking:
            with UsersManager(base_url, **settings) as users:
                self.things += [users, settings["transport"]]
                return call(users)

        async def main() -> Any:
            async with AsyncUsersManager(base_url, **settings) as users:
                self.things += [users, settings["transport"]]
                return await call(users)

        return self.run(main())

    def run(self, coroutine: Any) -> Any:
        """What a coroutine gives, in an event loop that in debug mode reports every step."""

        async def main() -> Any:
            asyncio.get_running_loop().slow_callback_duration = 0
            return await coroutine

        return asyncio.run(main(), debug=self._debug)

    def refused(self, call: Call, base_url: str = TENANT, **settings: Any) -> BaseException:
        """What a call raises."""
        try:
            self.call(call, base_url, **settings)
        except BaseException as error:
            return error
        raise AssertionError("nothing was raised")

    def refused_all(
        self, calls: list[Call], base_url: str = TENANT, **settings: Any
    ) -> list[BaseException]:
        """What calls of one manager raise."""
        errors: list[BaseException] = []

        def each(users: Any) -> None:
            for call in calls:
                try:
                    call(users)
                except Exception as error:
                    errors.append(error)

        async def each_awaited(users: Any) -> None:
            for call in calls:
                try:
                    await call(users)
                except Exception as error:
                    errors.append(error)

        self.call(each if self.is_blocking else each_awaited, base_url, **settings)
        assert len(errors) == len(calls), "not every call raised"
        return errors

    def played(self, call: Call, *script: Any, **settings: Any) -> BaseException:
        """What a call raises, over a fake transport."""
        return self.refused(call, transport=FakeTransport(*script), **settings)

    @property
    def loggers(self) -> set[str]:
        """The root names of the loggers that were heard."""
        return self.ear.loggers

    def sights(self) -> Iterator[walk.Sight]:
        """All that could be seen of it."""
        yield from self.ear.heard
        yield walk.Sight("pluggy's trace", "\n".join(self.traced))
        for thing in [*self.things, *self.eye.seen]:
            yield from walk.of_object(thing)


def _tracing(lines: list[str]) -> type[pluggy.PluginManager]:
    """pluggy's manager, with every kind of tracing on."""

    class Tracing(order._PluginManager):
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


@contextmanager
def watching(caller: Caller) -> Iterator[None]:
    """Makes every library as talkative as it can be, and the caller hear it."""
    loggers = [logging.getLogger(), *map(logging.getLogger, _TALKATIVE)]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    loggers[0].addHandler(caller.ear)
    try:
        with (
            warnings.catch_warnings(record=True) as warned,
            mock.patch("usersmanager._composition.order._PluginManager", _tracing(caller.traced)),
        ):
            warnings.simplefilter("always")
            yield
    finally:
        loggers[0].removeHandler(caller.ear)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
    caller.things += [one.message for one in warned]
